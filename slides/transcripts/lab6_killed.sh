begin consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
await consumer waiting
begin producer 'build/solutions/lab6_yolo_queue/producer'
await producer 'frame 9:'
kill -KILL "$(pid producer)"
ended producer 2>/dev/null
ended consumer
told consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
