say build/solutions/lab1_layout/layout | sed -n "/^bytes/,/published/p"
