say build/slides/demos/swapped_waits
