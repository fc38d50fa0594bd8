"""A client that knows only docs/wire-formats.md: plain struct, mmap and the C library, none of our modules.

    foreign_client.py read  lab1 /NAME | lab2 KEY | lab3 KEY_PATH | lab4 PREFIX N | lab5 /NAME | lab6 PREFIX N
    foreign_client.py write lab1 /NAME | lab2 KEY | lab3 KEY_PATH | lab4 PREFIX N | lab5 /NAME | lab6 PREFIX N

It stands for somebody else's program, written from that page alone, and so it must not import the shmlab package. It prints what it read as one Python literal a line; a writer of labs 1, 2 and 5 says "written"
and holds its segment until its standard input ends.
"""
import ctypes
import fcntl
import mmap
import os
import struct
import sys
import time
from typing import Callable, Dict

libc = ctypes.CDLL(None, use_errno=True)
libc.shmget.argtypes = (ctypes.c_int, ctypes.c_size_t, ctypes.c_int)
libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
libc.shmat.restype = ctypes.c_void_p
libc.shmctl.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
libc.ftok.argtypes = (ctypes.c_char_p, ctypes.c_int)
libc.sem_open.restype = ctypes.c_void_p
libc.sem_getvalue.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))
for name in ("sem_wait", "sem_trywait", "sem_post"):
    getattr(libc, name).argtypes = (ctypes.c_void_p,)

IPC_CREAT, IPC_RMID = 0o1000, 0
PUBLISHED = "<i500s?3xid3f50s6xq10i4x"  # labs 1 and 2
SLOT = 20 + 200 * 24 + 640 * 640 * 3  # lab 6


def lock(fd: int, kind: int, byte: int = 0, length: int = 1, command: int = fcntl.F_OFD_SETLK) -> "tuple[int, int] | None":
    """The page's three lines of C; None: somebody else is in the way. For F_OFD_GETLK l_type and l_start."""
    try:
        answer = fcntl.fcntl(fd, command, struct.pack("@hhqqi0q", kind, os.SEEK_SET, byte, length, 0))
    except BlockingIOError:
        return None
    l_type, _, l_start, _, _ = struct.unpack("@hhqqi0q", answer)
    return l_type, l_start


def is_locked(fd: int, byte: int = 0) -> bool:
    asked = lock(fd, fcntl.F_WRLCK, byte, command=fcntl.F_OFD_GETLK)
    return asked is not None and asked[0] != fcntl.F_UNLCK


def is_named(fd: int, name: str) -> bool:
    """Does the name lead to our object?"""
    try:
        return os.path.samestat(os.fstat(fd), os.stat("/dev/shm" + name))
    except FileNotFoundError:
        return False


def object_create(name: str) -> int:
    """A new object of 0 bytes, byte 0 locked."""
    fd = os.open("/dev/shm" + name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    lock(fd, fcntl.F_WRLCK)
    return fd


def object_find(name: str, size: int) -> int:
    """Wait for an object of that size."""
    while True:
        try:
            fd = os.open("/dev/shm" + name, os.O_RDWR)
        except FileNotFoundError:
            time.sleep(0.01)
            continue
        if os.fstat(fd).st_size == size and is_named(fd, name):
            return fd
        if os.fstat(fd).st_size not in (0, size):
            sys.exit(f"{name}: another program's")
        os.close(fd)
        time.sleep(0.01)


def segment_open(key: int, size: int, create: bool) -> tuple[int, memoryview]:
    """Attach the System V segment; returns its id and its bytes."""
    shmid = libc.shmget(key, size, 0o600 | (IPC_CREAT if create else 0))
    while shmid == -1 and not create and ctypes.get_errno() == 2:
        time.sleep(0.01)
        shmid = libc.shmget(key, size, 0)
    if shmid == -1:
        sys.exit(f"shmget: {os.strerror(ctypes.get_errno())}")
    address = libc.shmat(shmid, None, 0)
    return shmid, memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")


def semaphores_open(names: list[str], values: list[int]) -> list[int]:
    """sem_open each of them; with values, create them."""
    opened = []
    for i, name in enumerate(names):
        semaphore = (libc.sem_open(name.encode(), os.O_CREAT | os.O_EXCL, 0o600, values[i]) if values
                     else libc.sem_open(name.encode(), 0))
        if not semaphore:
            sys.exit(f"sem_open({name}): {os.strerror(ctypes.get_errno())}")
        opened.append(semaphore)
    return opened


def wait(semaphore: int) -> None:
    while libc.sem_wait(semaphore) == -1:
        pass


def published_print(data: bytes) -> None:
    fields = struct.unpack_from(PUBLISHED, data)
    print(fields[0], fields[1].split(b"\0")[0].decode(), fields[2], fields[3], fields[4])
    print([round(value, 3) for value in fields[5:8]], fields[8].split(b"\0")[0].decode(), fields[9])
    print(list(fields[10:20]))


def published_pack() -> bytes:
    return struct.pack(PUBLISHED, os.getpid(), "Grüße\nvon fern".encode(), False, -7, -1.25, 1.5, 2.5, 3.5,
                       "Zoë".encode(), 1234567890123, *range(9, -1, -1))


def remove(fd: int, name: str, semaphores: "list[str]") -> None:
    """The semaphores' names, then the object's, if it is still ours."""
    if is_named(fd, name):
        for each in semaphores:
            libc.sem_unlink(each.encode())
        os.unlink("/dev/shm" + name)


def hold() -> None:
    print("written", flush=True)
    sys.stdin.read()


def lab1(write: bool, name: str) -> None:
    if not write:
        mapped = mmap.mmap(object_find(name, 1024), 1024)
        while not mapped[504]:  # its writer is at work
            time.sleep(0.01)
        return published_print(mapped[:640])
    fd = object_create(name)
    os.ftruncate(fd, 1024)
    mapped = mmap.mmap(fd, 1024)
    mapped[:640] = published_pack()
    mapped[504] = 1
    hold()
    remove(fd, name, [])


def lab2(write: bool, key: str) -> None:
    shmid, data = segment_open(int(key), 1024, write)
    if not write:
        return published_print(bytes(data[:640]))
    data[:640] = published_pack()
    data[504] = 1
    hold()
    libc.shmctl(shmid, IPC_RMID, None)


def lab3(write: bool, path: str) -> None:
    shmid, data = segment_open(libc.ftok(path.encode(), 65), 108, write)
    for number in range(1, 6):
        while data[104] != (0 if write else 1):  # fine on x86-64, where loads and stores keep their order
            time.sleep(0.001)
        if write:
            struct.pack_into("<i100s", data, 0, number, f"foreign {number}".encode())
            data[104] = 1
        else:
            counter, message = struct.unpack_from("<i100s", data)
            print(counter, message.split(b"\0")[0].decode(), flush=True)
            data[104] = 0
    if write:
        while data[104]:
            time.sleep(0.001)
        libc.shmctl(shmid, IPC_RMID, None)


def buffer_join(name: str) -> "int | None":
    """One attempt to become a user of lab 4's buffer; its descriptor."""
    try:
        fd = os.open("/dev/shm" + name, os.O_RDWR)
    except FileNotFoundError:
        return None
    if is_locked(fd) and lock(fd, fcntl.F_RDLCK) and is_named(fd, name) and os.pread(fd, 4, 0) == b"SBUF":
        return fd
    os.close(fd)
    return None


def buffer_create(name: str, semaphores: "list[str]", capacity: int) -> "int | None":
    """One attempt to make it."""
    try:
        fd = object_create(name)
    except FileExistsError:
        return None
    os.ftruncate(fd, 32 + 64 * capacity)
    for each in semaphores:
        libc.sem_unlink(each.encode())
    semaphores_open(semaphores, [capacity, 0, 1])
    os.pwrite(fd, struct.pack("<III", 1, 64, capacity), 4)
    os.pwrite(fd, b"SBUF", 0)
    lock(fd, fcntl.F_RDLCK)
    return fd


def buffer_leave(fd: int, name: str, semaphores: "list[str]") -> None:
    lock(fd, fcntl.F_UNLCK)
    if lock(fd, fcntl.F_WRLCK):
        remove(fd, name, semaphores)


def lab4(write: bool, prefix: str, items: str) -> None:
    name, names = f"/{prefix}_buffer", [f"/{prefix}_{each}" for each in ("empty", "full", "mutex")]
    fd = None
    while fd is None:
        fd = buffer_join(name) or (buffer_create(name, names, 8) if write else None)
        time.sleep(0 if fd is not None else 0.01)
    empty, full, mutex = semaphores_open(names, [])
    data = mmap.mmap(fd, 0)
    version, element, capacity = struct.unpack_from("<III", data, 4)
    assert (version, element, len(data)) == (1, 64, 32 + 64 * capacity) and 1 <= capacity <= 1024
    for number in range(1, int(items) + 1):
        wait(empty if write else full)
        wait(mutex)
        head, tail, count = struct.unpack_from("<III", data, 16)
        if write:
            struct.pack_into("<ii56s", data, 32 + 64 * tail, 77, number, f"foreign {number}".encode())
            struct.pack_into("<III", data, 16, head, (tail + 1) % capacity, count + 1)
        else:
            producer, sequence, text = struct.unpack_from("<ii56s", data, 32 + 64 * head)
            struct.pack_into("<III", data, 16, (head + 1) % capacity, tail, count - 1)
            print((producer, sequence, text.split(b"\0")[0].decode()), flush=True)
        libc.sem_post(mutex)
        libc.sem_post(full if write else empty)
    value = ctypes.c_int(1)
    while write and value.value and not is_locked(fd):  # somebody must be there to take the rest
        time.sleep(0.01)
        libc.sem_getvalue(full, ctypes.byref(value))
    buffer_leave(fd, name, names)


def lab5(write: bool, name: str) -> None:
    if not write:
        data = mmap.mmap(object_find(name, 244), 244)
        (count,) = struct.unpack_from("<i", data)
        print(count)
        for i in range(10):
            print(struct.unpack_from("<ifiiii", data, 4 + 24 * i))
        return
    try:
        os.unlink("/dev/shm" + name)
    except FileNotFoundError:
        pass
    fd = object_create(name)
    os.ftruncate(fd, 244)
    data = mmap.mmap(fd, 244)
    struct.pack_into("<ifiiii", data, 4, 16, 0.75, 10, 20, 30, 40)
    struct.pack_into("<ifiiii", data, 28, 0, 0.5, 1, 2, 3, 4)
    struct.pack_into("<i", data, 0, 2)
    hold()
    remove(fd, name, [])


def pattern(frame: int) -> bytes:
    """640 x 640 x 3 bytes that are different for every frame."""
    line = bytes((frame * 7 + i * 3) & 255 for i in range(1920))
    return b"".join(line[row % 1920:] + line[:row % 1920] for row in range(640))


def mark(names: "list[str]") -> int:
    """FNV-1a over the names."""
    value = 2166136261
    for byte in "".join(each + "\n" for each in names).encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def wait_for_slot(fd: int, empty: int) -> None:
    """Wait for EMPTY, and meanwhile let a consumer that comes know that it was seen."""
    while libc.sem_trywait(empty) == -1:
        if is_locked(fd, 1):
            lock(fd, fcntl.F_WRLCK, 3)
        time.sleep(0.001)


def lab6(write: bool, prefix: str, frames: str) -> None:
    """The queue exactly as documented: MUTEX is held while the slot is copied. A consumer takes no lock."""
    names = [f"/{prefix}_{name}" for name in ("EMPTY", "FULL", "MUTEX")]
    shm, size = f"/{prefix}_QUEUE_SHM", 12 + 5 * SLOT
    if write:
        fd = object_create(shm)
        lock(fd, fcntl.F_WRLCK, 2**32 + mark(["circle", "square", "triangle", "star"]))
        for name in names:
            libc.sem_unlink(name.encode())
        empty, full, mutex = semaphores_open(names, [5, 0, 1])
        os.ftruncate(fd, size)
    else:
        fd = object_find(shm, size)
        asked = lock(fd, fcntl.F_WRLCK, 2**32, 2**32, fcntl.F_OFD_GETLK)
        print("mark", None if asked is None or asked[0] == fcntl.F_UNLCK else hex(asked[1] - 2**32), flush=True)
        empty, full, mutex = semaphores_open(names, [])
    data = mmap.mmap(fd, size)
    for number in range(1, int(frames) + 1):
        wait_for_slot(fd, empty) if write else wait(full)
        wait(mutex)
        write_idx, read_idx, count = struct.unpack_from("<iii", data)
        at = 12 + SLOT * (write_idx if write else read_idx)
        if write:
            struct.pack_into("<iiiii", data, at, number, 640, 640, 3, 1)
            struct.pack_into("<ifiiii", data, at + 20, number % 4, 0.5, number, 2, 3, 4)
            data[at + 4820:at + SLOT] = pattern(number)
            struct.pack_into("<iii", data, 0, (write_idx + 1) % 5, read_idx, count + 1)
        else:
            header = struct.unpack_from("<iiiii", data, at)
            pixels = data[at + 4820:at + SLOT]
            boxes = [struct.unpack_from("<ifiiii", data, at + 20 + 24 * i) for i in range(header[4])]
            unused = data[at + 20 + 24 * header[4]:at + 4820]
            struct.pack_into("<iii", data, 0, write_idx, (read_idx + 1) % 5, count - 1)
            print(header, boxes, sum(pixels[::997]), unused.count(0) == len(unused), flush=True)
        libc.sem_post(mutex)
        libc.sem_post(full if write else empty)
    if write:
        for _ in range(5):  # until everything was read
            wait_for_slot(fd, empty)
        remove(fd, shm, names)


LABS: Dict[str, Callable[..., None]] = {"lab1": lab1, "lab2": lab2, "lab3": lab3, "lab4": lab4, "lab5": lab5, "lab6": lab6}

if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("read", "write") or sys.argv[2] not in LABS:
        sys.exit(__doc__)
    LABS[sys.argv[2]](sys.argv[1] == "write", *sys.argv[3:])
