show build/slides/demos/forgetful
show build/slides/demos/forgetful
show 'ipcs -m | grep -e key -e 0x1630 -e 0x00001630'
show 'ipcrm -M 5680'
