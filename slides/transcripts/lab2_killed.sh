begin writer build/solutions/lab2_sysv/writer
await writer Enter
echo '$ build/solutions/lab2_sysv/writer &'
show 'kill -KILL $!'
ended writer 2>/dev/null
show 'ipcs -m | grep -e key -e 0x0000162e'
begin second build/solutions/lab2_sysv/writer
await second Enter
enter second
told second build/solutions/lab2_sysv/writer
