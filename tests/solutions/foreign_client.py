"""A client that knows only the documented bytes: plain struct, mmap and the C library, none of our modules.

    foreign_client.py read  lab1 /NAME | lab2 KEY | lab3 KEY_PATH | lab4 PREFIX N | lab5 /NAME | lab6 PREFIX N
    foreign_client.py write lab1 /NAME | lab2 KEY | lab3 KEY_PATH | lab4 PREFIX N | lab5 /NAME | lab6 PREFIX N

It stands for somebody else's program, written from the tables and the protocol in the documents alone, and so it must not
import the shmlab package. It prints what it read as one Python literal a line; a writer of labs 1, 2 and 5 says "written"
and holds its segment until its standard input ends.
"""
import ctypes
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
for name in ("sem_wait", "sem_post"):
    getattr(libc, name).argtypes = (ctypes.c_void_p,)

IPC_CREAT, IPC_RMID = 0o1000, 0
PUBLISHED = "<i500s?3xid3f50s6xq10i4x"  # labs 1 and 2
SLOT = 20 + 200 * 24 + 640 * 640 * 3  # lab 6


def object_open(name: str, size: int = 0) -> mmap.mmap:
    """Map /dev/shm/NAME; with a size, create it anew."""
    fd = os.open("/dev/shm" + name, os.O_RDWR | (os.O_CREAT | os.O_EXCL if size else 0), 0o600)
    if size:
        os.ftruncate(fd, size)
    mapped = mmap.mmap(fd, 0)
    os.close(fd)
    return mapped


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
    return struct.pack(PUBLISHED, os.getpid(), "Grüße\nvon fern".encode(), True, -7, -1.25, 1.5, 2.5, 3.5,
                       "Zoë".encode(), 1234567890123, *range(9, -1, -1))


def hold() -> None:
    print("written", flush=True)
    sys.stdin.read()


def lab1(write: bool, name: str) -> None:
    mapped = object_open(name, 1024 if write else 0)
    if not write:
        return published_print(mapped[:640])
    mapped[:640] = published_pack()
    hold()
    os.unlink("/dev/shm" + name)


def lab2(write: bool, key: str) -> None:
    shmid, data = segment_open(int(key), 1024, write)
    if not write:
        return published_print(bytes(data[:640]))
    data[:640] = published_pack()
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


def lab4(write: bool, prefix: str, items: str) -> None:
    """A further producer or consumer of a buffer that exists; it takes no part in creation and removal."""
    while not os.path.exists(f"/dev/shm/{prefix}_buffer"):
        time.sleep(0.01)
    empty, full, mutex = semaphores_open([f"/{prefix}_{name}" for name in ("empty", "full", "mutex")], [])
    data = object_open(f"/{prefix}_buffer")
    magic, version, element, capacity = struct.unpack_from("<4sIII", data)
    assert (magic, version, element, len(data)) == (b"SBUF", 1, 64, 32 + 64 * capacity)
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


def lab5(write: bool, name: str) -> None:
    data = object_open(name, 244 if write else 0)
    if not write:
        assert len(data) == 244
        (count,) = struct.unpack_from("<i", data)
        print(count)
        for i in range(10):
            print(struct.unpack_from("<ifiiii", data, 4 + 24 * i))
        return
    struct.pack_into("<iifiiii", data, 0, 2, 16, 0.75, 10, 20, 30, 40)
    struct.pack_into("<ifiiii", data, 28, 0, 0.5, 1, 2, 3, 4)
    hold()
    os.unlink("/dev/shm" + name)


def pattern(frame: int) -> bytes:
    """640 x 640 x 3 bytes that are different for every frame."""
    line = bytes((frame * 7 + i * 3) & 255 for i in range(1920))
    return b"".join(line[row % 1920:] + line[:row % 1920] for row in range(640))


def lab6(write: bool, prefix: str, frames: str) -> None:
    """The queue exactly as documented: the lock is held while the slot is copied."""
    names = [f"/{prefix}_{name}" for name in ("EMPTY", "FULL", "MUTEX")]
    shm = f"/{prefix}_QUEUE_SHM"
    if write:
        empty, full, mutex = semaphores_open(names, [5, 0, 1])
        data = object_open(shm, 12 + 5 * SLOT)
    else:
        while not os.path.exists("/dev/shm" + shm) or os.stat("/dev/shm" + shm).st_size != 12 + 5 * SLOT:
            time.sleep(0.01)
        empty, full, mutex = semaphores_open(names, [])
        data = object_open(shm)
    for number in range(1, int(frames) + 1):
        wait(empty if write else full)
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
            wait(empty)
        for name in names:
            libc.sem_unlink(name.encode())
        os.unlink("/dev/shm" + shm)


LABS: Dict[str, Callable[..., None]] = {"lab1": lab1, "lab2": lab2, "lab3": lab3, "lab4": lab4, "lab5": lab5, "lab6": lab6}

if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("read", "write") or sys.argv[2] not in LABS:
        sys.exit(__doc__)
    LABS[sys.argv[2]](sys.argv[1] == "write", *sys.argv[3:])
