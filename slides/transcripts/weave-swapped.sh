say build/bin/weave cc -g -o swapped tests/weave/programs/wrong/queue_swapped_waits.c
say build/bin/weave -- ./swapped producer -- ./swapped consumer | sed -n 2,10p | grep -v main | cut -c1-72
