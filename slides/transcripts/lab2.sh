. "$ROOT/slides/transcripts/terminals.bash"
begin writer build/solutions/lab2_sysv/writer
await writer Enter
say build/solutions/lab2_sysv/reader | head -3
enter writer
