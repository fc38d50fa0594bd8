say objdump -d build/slides/demos/plain_flag | grep 'eb fe'
