. "$ROOT/slides/transcripts/terminals.bash"
begin writer 'build/solutions/lab3_handshake/writer --messages 3'
begin reader 'build/solutions/lab3_handshake/reader --messages 3'
ended reader
ended writer
told writer 'build/solutions/lab3_handshake/writer --messages 3'
