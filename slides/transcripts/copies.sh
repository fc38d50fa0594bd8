say build/slides/demos/copies
