. "$ROOT/slides/transcripts/terminals.bash"
begin one 'build/solutions/lab4_semaphores/producer --items 3'
await one 'item 3'
say ls /dev/shm
echo '$ kill -KILL $!'
killed one
say ls /dev/shm
begin two 'build/solutions/lab4_semaphores/producer --items 1'
await two 'item 1'
echo '$ build/solutions/lab4_semaphores/producer --items 1 &'
say build/solutions/lab4_semaphores/consumer --items 1
ended two
