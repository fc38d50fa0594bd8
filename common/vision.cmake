# Pictures, synthetic scenes, sources of frames and the detector: shmlab_vision.
find_package(PNG REQUIRED)
find_package(TurboJPEG REQUIRED)
pkg_check_modules(libexif REQUIRED IMPORTED_TARGET GLOBAL libexif)
find_package(Darknet)

find_path(CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas-pthread openblas)
find_library(CBLAS_LIBRARY NAMES openblas cblas blas)
mark_as_advanced(CBLAS_INCLUDE_DIR CBLAS_LIBRARY)
if(CBLAS_INCLUDE_DIR AND CBLAS_LIBRARY AND Darknet_API STREQUAL PJREDDIE)
    set(SHMLAB_CAN_BE_FAST ON)
else()
    set(SHMLAB_CAN_BE_FAST OFF)
endif()
option(SHMLAB_FAST_DARKNET "Compute Debian's Darknet with BLAS (libopenblas-dev)" ${SHMLAB_CAN_BE_FAST})

add_library(shmlab_vision STATIC
    src/class_names.c
    src/explain.c
    src/file_bytes.c
    src/frame.c
    src/frame_load.c
    src/last_words.c
    src/model.c
    src/orientation.c
    src/scene.c
    src/source.c
    src/source_ffmpeg.c)
target_include_directories(shmlab_vision PUBLIC include PRIVATE src)
target_link_libraries(shmlab_vision PUBLIC shmlab_common PRIVATE shmlab_warnings PNG::PNG TurboJPEG::TurboJPEG PkgConfig::libexif m)
target_compile_definitions(shmlab_vision PRIVATE SHMLAB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
# scene.c promises the same picture everywhere. The other two are loops worth unrolling in a debug build, too.
set_source_files_properties(src/scene.c PROPERTIES COMPILE_OPTIONS "-ffp-contract=off;-O2")
set_source_files_properties(src/frame.c PROPERTIES COMPILE_OPTIONS "-O3")
set_source_files_properties(src/detector_fast.c PROPERTIES COMPILE_OPTIONS "-O3;-fno-trapping-math;-fno-math-errno")
target_link_options(shmlab_vision INTERFACE LINKER:--as-needed) # a program that only draws needs no BLAS

if(Darknet_FOUND)
    # Not linked with it: see src/darknet_library.h. What it is to call of ours has to be seen then.
    target_sources(shmlab_vision PRIVATE src/darknet_library.c src/detector_darknet.c src/network_description.c)
    target_include_directories(shmlab_vision SYSTEM PRIVATE ${Darknet_INCLUDE_DIR})
    target_compile_definitions(shmlab_vision PRIVATE DARKNET_IS_${Darknet_API} SHMLAB_DARKNET_LIBRARY="${Darknet_LIBRARY}")
    target_link_libraries(shmlab_vision PRIVATE ${CMAKE_DL_LIBS})
    target_link_options(shmlab_vision INTERFACE
        LINKER:--export-dynamic-symbol=error LINKER:--export-dynamic-symbol=file_error)
    if(SHMLAB_FAST_DARKNET)
        target_sources(shmlab_vision PRIVATE src/detector_fast.c)
        target_compile_definitions(shmlab_vision PRIVATE SHMLAB_FAST_DARKNET)
        target_include_directories(shmlab_vision SYSTEM PRIVATE ${CBLAS_INCLUDE_DIR})
        target_link_libraries(shmlab_vision PRIVATE ${CBLAS_LIBRARY})
    endif()
else()
    target_sources(shmlab_vision PRIVATE src/detector_none.c)
endif()

foreach(tool detect detector_eval picture scene scene_score)
    add_executable(${tool} tools/${tool}.c)
    target_link_libraries(${tool} PRIVATE shmlab_vision shmlab_warnings m)
    set_target_properties(${tool} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endforeach()

if(Darknet_FOUND AND SHMLAB_FAST_DARKNET)
    add_subdirectory(media/training)
endif()
