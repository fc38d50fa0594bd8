# The one place that knows which labs exist: a lab is its folders and a line here.
set(SHMLAB_LABS
    lab1_layout
    lab2_sysv
    lab3_handshake
    lab4_semaphores
    lab5_snapshot
    lab6_yolo_queue)

add_custom_target(labs COMMENT "the programs in labs/, as they are now")

# lab_program(NAME SOURCE... [INCLUDE FOLDER...] [LIBRARIES TARGET...]) [in the CMakeLists.txt of a lab's folder]: one
# program of the lab, in this lab's folder of the build tree, under its own name. Target names carry the lab, so that two
# labs may both have a "writer". What is in labs/ is somebody's work in progress: it is built by the target "labs"
# only, so that a line that does not compile stops nobody else.
function(lab_program name)
    cmake_parse_arguments(PARSE_ARGV 1 program "" "" "INCLUDE;LIBRARIES")
    get_filename_component(lab ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    get_filename_component(tree ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)
    get_filename_component(tree ${tree} NAME)
    if(tree STREQUAL labs)
        set(target student_${lab}_${name})
        add_executable(${target} EXCLUDE_FROM_ALL ${program_UNPARSED_ARGUMENTS})
        add_dependencies(labs ${target})
    else()
        set(target ${lab}_${name})
        add_executable(${target} ${program_UNPARSED_ARGUMENTS})
    endif()
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
    target_include_directories(${target} PRIVATE ${program_INCLUDE})
    target_link_libraries(${target} PRIVATE ${program_LIBRARIES} shmlab_common shmlab_warnings)
endfunction()
