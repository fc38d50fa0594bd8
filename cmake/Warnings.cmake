# shmlab_warnings: linked by every target of ours; sanitizers ride along so that one switch covers all of it.
add_library(shmlab_warnings INTERFACE)
target_compile_options(shmlab_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    $<$<BOOL:${SHMLAB_WERROR}>:-Werror>)
if(SHMLAB_SANITIZE)
    target_compile_options(shmlab_warnings INTERFACE
        -fsanitize=${SHMLAB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(shmlab_warnings INTERFACE -fsanitize=${SHMLAB_SANITIZE})
endif()
