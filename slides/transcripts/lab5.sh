shapes=common/media/shapes
say build/bin/scene --seed 3 scene.ppm
printf '%s\n' '$ build/solutions/lab5_snapshot/producer --class all --cfg common/media/shapes.cfg \' \
    '    --weights common/media/shapes.weights --names common/media/shapes.names scene.ppm'
build/solutions/lab5_snapshot/producer --class all --cfg $shapes.cfg \
    --weights $shapes.weights --names $shapes.names scene.ppm
