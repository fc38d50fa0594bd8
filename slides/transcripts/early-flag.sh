say build/slides/demos/early_flag
