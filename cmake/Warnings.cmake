# shmlab_warnings: linked by every target of ours; sanitizers ride along so that one switch covers all of it. What is loaded
# into programs that were compiled without them links shmlab_warnings_alone.
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    $<$<BOOL:${SHMLAB_WERROR}>:-Werror>)
foreach(name shmlab_warnings shmlab_warnings_alone)
    add_library(${name} INTERFACE)
    target_compile_options(${name} INTERFACE ${warnings})
endforeach()
if(SHMLAB_SANITIZE)
    target_compile_options(shmlab_warnings INTERFACE
        -fsanitize=${SHMLAB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(shmlab_warnings INTERFACE -fsanitize=${SHMLAB_SANITIZE})
endif()
