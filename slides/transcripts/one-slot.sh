say build/slides/demos/one_slot
