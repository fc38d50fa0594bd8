# cmake --install BUILD --component library|tools|python --prefix FOLDER: what programs outside of this tree need. weave has a
# component of its own. Grader and bench live by this tree, and stay in it; so does the detector, which needs Darknet.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(SHMLAB_INSTALL_PYTHON lib/python3/dist-packages CACHE STRING "Where the Python package goes, below the prefix")

# ---- library: headers, libshmlab.a, pkg-config, CMake ----
file(GLOB headers include/shmlab/*.h)
list(FILTER headers EXCLUDE REGEX "/(detector|frame|model|scene|source|windows)\\.h$")
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/shmlab COMPONENT library)
install(FILES $<TARGET_FILE:shmlab_common> DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME libshmlab.a COMPONENT library)
configure_file(install/shmlab.pc.in install/shmlab.pc @ONLY)
configure_file(install/shmlab-config.cmake.in install/shmlab-config.cmake @ONLY)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/install/shmlab-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/install/shmlab.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/install/shmlab-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/install/shmlab-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/shmlab COMPONENT library)

# ---- tools, with a prefix: `detect` and `scene` may be anybody's ----
foreach(tool detect picture scene)
    install(PROGRAMS $<TARGET_FILE:${tool}> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME shmlab-${tool} COMPONENT tools)
    install(FILES man/shmlab-${tool}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
endforeach()
# The models: what `make models` has fetched by the time of the installation, too. model.c looks in ../share/shmlab.
install(FILES media/shapes.cfg media/shapes.weights media/shapes.names media/coco.names DESTINATION share/shmlab COMPONENT tools)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION share/shmlab COMPONENT tools OPTIONAL
    FILES_MATCHING PATTERN "*.cfg" PATTERN "*.weights" PATTERN "*.names")

# ---- python: the package, and the names of the classes ----
install(DIRECTORY python/shmlab DESTINATION ${SHMLAB_INSTALL_PYTHON} COMPONENT python
    FILES_MATCHING PATTERN "*.py" PATTERN "*.json" PATTERN "__pycache__" EXCLUDE)
install(FILES media/shapes.names media/coco.names DESTINATION share/shmlab COMPONENT python)
