. "$ROOT/slides/transcripts/terminals.bash"
begin consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
await consumer waiting
build/solutions/lab6_yolo_queue/producer --frames 60 --quiet >/dev/null
ended consumer
told consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
