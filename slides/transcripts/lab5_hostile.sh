build/bin/scene --seed 3 scene.ppm >/dev/null
m=common/media/shapes
build/solutions/lab5_snapshot/producer --cfg $m.cfg --weights $m.weights --names $m.names --class all scene.ppm >/dev/null
show "printf '\\377\\377\\377\\177' | dd of=/dev/shm/ipc_dog_shm conv=notrunc status=none"
show 'solutions/lab5_snapshot/reader.py --names common/media/shapes.names'
