# What is built for Windows: the two systems that have a Windows edition, what they share, and the programs of their tests.
add_compile_definitions(__USE_MINGW_ANSI_STDIO=1) # msvcrt's printf knows no %zu
add_library(shmlab_windows STATIC common/src/windows.c)
target_include_directories(shmlab_windows PUBLIC common/include)
target_link_libraries(shmlab_windows PRIVATE shmlab_warnings)

add_library(shmlab_scene STATIC common/src/scene.c common/src/frame.c common/src/detection.c)
target_include_directories(shmlab_scene PUBLIC common/include)
target_link_libraries(shmlab_scene PRIVATE shmlab_warnings)
# As on Linux, so that a frame has the same bytes: see common/vision.cmake.
set_source_files_properties(common/src/scene.c PROPERTIES COMPILE_OPTIONS "-ffp-contract=off;-O2")

# windows_program(NAME SOURCE...)
function(windows_program name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE shmlab_windows shmlab_scene shmlab_warnings)
endfunction()
set(lab1 solutions/lab1_layout/windows)
set(lab6 solutions/lab6_yolo_queue/windows)
windows_program(writer ${lab1}/writer.c)
windows_program(reader ${lab1}/reader.c)
windows_program(producer ${lab6}/producer.c ${lab6}/options.c ${lab6}/queue.c)
windows_program(consumer ${lab6}/consumer.c ${lab6}/options.c ${lab6}/queue.c)

windows_program(wire_formats common/tools/wire_formats.c)
windows_program(peek tests/windows/peek.c)
windows_program(dies tests/windows/dies.c ${lab6}/queue.c)
target_include_directories(dies PRIVATE ${lab6})
