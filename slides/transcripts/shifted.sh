. "$ROOT/slides/transcripts/terminals.bash"
begin writer build/slides/demos/shifted_writer
await writer Enter
say solutions/lab1_layout/reader.py --name /shifted | tail -5
enter writer
