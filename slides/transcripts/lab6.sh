. "$ROOT/slides/transcripts/terminals.bash"
begin consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
await consumer waiting
say build/solutions/lab6_yolo_queue/producer --frames 2
ended consumer
