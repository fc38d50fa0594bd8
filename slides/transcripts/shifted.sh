begin writer build/slides/demos/shifted_writer
await writer Enter
show 'solutions/lab1_layout/reader.py --name /shifted | tail -5'
enter writer
