say build/slides/demos/torn_snapshot
