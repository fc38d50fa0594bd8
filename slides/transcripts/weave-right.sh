say build/bin/weave cc -g -o right tests/weave/programs/correct/spin_acquire_release.c
say build/bin/weave -- ./right writer -- ./right reader
