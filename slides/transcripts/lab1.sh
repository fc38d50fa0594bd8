. "$ROOT/slides/transcripts/terminals.bash"
begin writer build/solutions/lab1_layout/writer
await writer Enter
say solutions/lab1_layout/reader.py
enter writer
