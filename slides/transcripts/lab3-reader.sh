. "$ROOT/slides/transcripts/terminals.bash"
begin writer 'build/solutions/lab3_handshake/writer --messages 3'
await writer sent
begin reader 'solutions/lab3_handshake/reader.py --messages 3'
ended reader
ended writer
told reader 'solutions/lab3_handshake/reader.py --messages 3'
