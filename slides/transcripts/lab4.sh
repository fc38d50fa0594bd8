. "$ROOT/slides/transcripts/terminals.bash"
begin one 'build/solutions/lab4_semaphores/producer --id 1 --items 3'
await one 'item 3'
say build/solutions/lab4_semaphores/consumer --items 3
ended one
