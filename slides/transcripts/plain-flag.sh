say build/slides/demos/plain_flag
