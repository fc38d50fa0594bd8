show build/slides/demos/early_flag
