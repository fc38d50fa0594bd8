begin consumer 'solutions/lab6_yolo_queue/consumer.py --view none'
await consumer waiting
say build/solutions/lab6_yolo_queue/producer --frames 4
ended consumer
