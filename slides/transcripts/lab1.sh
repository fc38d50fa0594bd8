begin writer build/solutions/lab1_layout/writer
await writer Enter
show solutions/lab1_layout/reader.py
enter writer
