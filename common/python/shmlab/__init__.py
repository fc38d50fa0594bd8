"""Shared memory, semaphores and pictures for the Python readers of the labs: standard library only, Linux, Python 3.9+.

What two processes share is defined twice, in a C header of common/include/shmlab and in a module here of the same name;
both are checked against the same table of offsets, wire_formats.json (see wire.py).

    wire formats    wire, mailbox, bounded_buffer, detection, snapshot, yolo_queue
    the kernel      posix_shm, sysv_shm, semaphore, presence, atomics; libc below them
    programs        program, options, errors, stop, waiting
    pictures        picture, draw, font, colours, class_names, png, ppm, picture_file
    views           viewer, viewer_window, viewer_terminal, viewer_png
"""
