# Fails when the committed table of offsets is not what the headers compile to.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE now RESULT_VARIABLE failed)
file(READ ${TABLE} committed)
if(failed OR NOT now STREQUAL committed)
    message(FATAL_ERROR "${TABLE} is out of date: run `make wire-formats` and look at the difference")
endif()
