# Writes a C source with the parts of the page as bytes: cmake -DFOLDER=page -DOUTPUT=page_parts.c -P embed.cmake
set(text "/* Generated from page/ by embed.cmake. */\n#include \"page.h\"\n")
foreach(part html css js)
    file(READ ${FOLDER}/page.${part} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND text "const unsigned char page_${part}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
