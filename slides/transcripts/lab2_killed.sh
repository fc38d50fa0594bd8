begin writer build/solutions/lab2_sysv/writer
await writer Enter
echo '$ build/solutions/lab2_sysv/writer &'
say kill -KILL $!
ended writer 2>/dev/null
say ipcs -m | grep -e key -e 0x0000162e
begin second build/solutions/lab2_sysv/writer
await second Enter
enter second
told second build/solutions/lab2_sysv/writer
