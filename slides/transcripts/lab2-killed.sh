. "$ROOT/slides/transcripts/terminals.bash"
begin writer build/solutions/lab2_sysv/writer
await writer Enter
echo '$ build/solutions/lab2_sysv/writer &'
echo '$ kill -KILL $!'
killed writer
say ipcs -m | grep -e key -e 0x0000162e
begin second build/solutions/lab2_sysv/writer
await second Enter
enter second
told second build/solutions/lab2_sysv/writer
