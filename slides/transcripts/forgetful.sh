say build/slides/demos/forgetful
say build/slides/demos/forgetful
say ipcs -m | grep -e key -e 0x1630 -e 0x00001630
say ipcrm -M 5680
