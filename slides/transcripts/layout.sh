say build/solutions/lab1_layout/layout | head -12
