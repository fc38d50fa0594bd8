#!/usr/bin/env bash
# Gradescope runs this once, as root, when it makes the image of the autograder.
set -euo pipefail
exec "$(dirname "$0")/shmlab/tools/grader/hooks/site" build
