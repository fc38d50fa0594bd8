show build/slides/demos/plain_flag
