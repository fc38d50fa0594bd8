# The one place that knows which labs exist: a lab is its folders and a line here.
set(SHMLAB_LABS
    lab1_layout
    lab2_sysv
    lab3_handshake
    lab4_semaphores
    lab5_snapshot
    lab6_yolo_queue)

# lab_program(NAME SOURCE...) [in solutions/labN_name/CMakeLists.txt]: one program of the lab, in this lab's
# folder of the build tree, under its own name. Target names carry the lab, so that two labs may both have a "writer".
function(lab_program name)
    get_filename_component(lab ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    set(target ${lab}_${name})
    add_executable(${target} ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
    target_link_libraries(${target} PRIVATE shmlab_common shmlab_warnings)
endfunction()
