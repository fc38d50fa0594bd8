show build/slides/demos/copies
