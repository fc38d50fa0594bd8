show build/slides/demos/swapped_waits
