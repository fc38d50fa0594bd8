say build/solutions/lab2_sysv/reader; echo "exit status $?"
