. "$ROOT/slides/transcripts/terminals.bash"
begin writer build/solutions/lab3_handshake/writer
await writer sent
say build/solutions/lab3_handshake/reader --messages 9; echo "exit status $?"
ended writer
