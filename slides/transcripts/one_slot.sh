show build/slides/demos/one_slot
