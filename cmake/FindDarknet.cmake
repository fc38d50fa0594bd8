# libdarknet, the C library of Darknet: target Darknet::Darknet and the variable Darknet_API.
#
#   PJREDDIE   the original of 2018, which is what Debian and Ubuntu package ("apt install darknet")
#   ALEXEY     AlexeyAB's, built as a shared library by hand: cmake -DDARKNET_ROOT=/folder/with/include/and/libdarknet.so
#
# The two call the same things differently, and both have a header of the same name, so which one it is gets tried out.
#
# libdarknet exports some 650 plain names (error, make_list, read_file, ...). A program that defines one of them and lets
# it be seen takes the library's calls; that is why everything here is compiled with hidden symbols.
set(DARKNET_ROOT "" CACHE PATH "Where a Darknet built by hand is (folder with include/darknet.h and libdarknet.so)")
find_path(Darknet_INCLUDE_DIR darknet.h
    HINTS ${DARKNET_ROOT}/include ${DARKNET_ROOT} PATHS /usr/lib/darknet/include)
find_library(Darknet_LIBRARY darknet
    HINTS ${DARKNET_ROOT} ${DARKNET_ROOT}/lib PATHS /usr/lib/darknet)
mark_as_advanced(Darknet_INCLUDE_DIR Darknet_LIBRARY)

if(Darknet_INCLUDE_DIR AND Darknet_LIBRARY)
    include(CheckCSourceCompiles)
    set(CMAKE_REQUIRED_INCLUDES ${Darknet_INCLUDE_DIR})
    set(CMAKE_REQUIRED_LIBRARIES ${Darknet_LIBRARY} m)
    set(darknet_try "#include <stddef.h>\n#include <stdio.h>\n#include <pthread.h>\n#include <darknet.h>\nint main(void) { int n; network *net = load_network(0, 0, 0);")
    check_c_source_compiles("${darknet_try} free_network(net); return network_predict(net, 0) == get_network_boxes(net, 1, 1, 0, 0, 0, 1, &n); }"
        DARKNET_IS_PJREDDIE)
    check_c_source_compiles("${darknet_try} free_network_ptr(net); network_predict_ptr(net, 0); return get_network_boxes(net, 1, 1, 0, 0, 0, 1, &n, 1) != 0; }"
        DARKNET_IS_ALEXEY)
    unset(CMAKE_REQUIRED_INCLUDES)
    unset(CMAKE_REQUIRED_LIBRARIES)
    if(DARKNET_IS_PJREDDIE)
        set(Darknet_API PJREDDIE)
    elseif(DARKNET_IS_ALEXEY)
        set(Darknet_API ALEXEY)
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Darknet REQUIRED_VARS Darknet_LIBRARY Darknet_INCLUDE_DIR Darknet_API
    REASON_FAILURE_MESSAGE "install it: apt install --no-install-recommends darknet")

if(Darknet_FOUND AND NOT TARGET Darknet::Darknet)
    add_library(Darknet::Darknet UNKNOWN IMPORTED)
    set_target_properties(Darknet::Darknet PROPERTIES
        IMPORTED_LOCATION ${Darknet_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${Darknet_INCLUDE_DIR}
        INTERFACE_COMPILE_DEFINITIONS DARKNET_IS_${Darknet_API}
        # The linker need not read the hundreds of libraries that it needs in order to tell that it is complete.
        INTERFACE_LINK_OPTIONS LINKER:--allow-shlib-undefined)
endif()
