shapes=common/media/shapes
build/bin/scene --seed 3 scene.ppm >/dev/null
build/solutions/lab5_snapshot/producer --class all --cfg $shapes.cfg \
    --weights $shapes.weights --names $shapes.names scene.ppm >/dev/null
say ls /dev/shm
say od -A d -t d4 -N 4 /dev/shm/ipc_dog_shm
say od -A d -t d4 -j 12 -N 16 /dev/shm/ipc_dog_shm
