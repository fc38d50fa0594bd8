. "$ROOT/slides/transcripts/terminals.bash"
begin consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
await consumer waiting
begin producer 'build/solutions/lab6_yolo_queue/producer'
await producer 'frame 9:'
killed producer
ended consumer
told consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
