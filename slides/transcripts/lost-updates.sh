say build/slides/demos/lost_updates
