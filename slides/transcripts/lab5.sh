show 'build/bin/scene --seed 3 scene.ppm'
show 'build/solutions/lab5_snapshot/producer --cfg common/media/shapes.cfg \
    --weights common/media/shapes.weights --names common/media/shapes.names \
    --class all scene.ppm'
