show build/slides/demos/lost_updates
