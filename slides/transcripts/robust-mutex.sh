say build/slides/demos/robust_mutex
