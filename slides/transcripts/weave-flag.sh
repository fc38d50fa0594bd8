say build/bin/weave cc -g -o early tests/weave/programs/wrong/flag_before_payload.c
say build/bin/weave -- ./early writer -- ./early reader | sed -n 2,7p | cut -c1-77
