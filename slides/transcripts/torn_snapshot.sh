show build/slides/demos/torn_snapshot
