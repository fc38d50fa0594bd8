loads() { objdump -d "--disassemble=$1" build/slides/demos/double_fetch | grep -oE 'mov[a-z]* +\(%rdi\),.*'; }
say loads take_plainly
say loads take_once
