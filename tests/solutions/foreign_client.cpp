// A client in C++ that knows only docs/wire-formats.md; no header of ours.
//
//     foreign_client read|write lab1 /NAME | lab3 KEY_PATH | lab4 PREFIX N | lab6 PREFIX N
//
// It prints what it read; a writer of lab 1 says "written" and holds its object until its standard input ends.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <semaphore.h>
#include <string>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vector>

using Bytes = unsigned char *;

static void pause_a_little()
{
    timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, nullptr);
}

static void must(bool holds, const std::string &what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

// --- objects ---

static bool lock(int fd, short kind, off_t byte)
{
    struct flock wanted = {};
    wanted.l_type = kind;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = byte;
    wanted.l_len = 1;
    return fcntl(fd, F_OFD_SETLK, &wanted) == 0;
}

static bool is_locked(int fd, off_t byte)
{
    struct flock asked = {};
    asked.l_type = F_WRLCK;
    asked.l_whence = SEEK_SET;
    asked.l_start = byte;
    asked.l_len = 1;
    must(fcntl(fd, F_OFD_GETLK, &asked) == 0, "F_OFD_GETLK");
    return asked.l_type != F_UNLCK;
}

static bool is_named(int fd, const std::string &name)
{
    struct stat ours, now;
    int again = shm_open(name.c_str(), O_RDONLY, 0);
    bool same = again >= 0 && fstat(fd, &ours) == 0 && fstat(again, &now) == 0 && ours.st_dev == now.st_dev &&
                ours.st_ino == now.st_ino;
    if (again >= 0)
        close(again);
    return same;
}

// A new object of 0 bytes, byte 0 locked; -1: there is one.
static int create(const std::string &name)
{
    int fd = shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    must(fd >= 0 || errno == EEXIST, name);
    if (fd >= 0)
        must(lock(fd, F_WRLCK, 0), "lock byte 0");
    return fd;
}

static off_t size_of(int fd)
{
    struct stat info;
    must(fstat(fd, &info) == 0, "fstat");
    return info.st_size;
}

// Wait for an object of that size.
static int find(const std::string &name, off_t size)
{
    for (;; pause_a_little()) {
        int fd = shm_open(name.c_str(), O_RDWR, 0);
        if (fd >= 0 && size_of(fd) == size)
            return fd;
        if (fd >= 0)
            close(fd);
    }
}

static Bytes map(int fd, off_t size)
{
    void *at = mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(at != MAP_FAILED, "mmap");
    return static_cast<Bytes>(at);
}

struct Semaphores {
    sem_t *empty, *full, *mutex;
};

static Semaphores semaphores(const std::vector<std::string> &names, const std::vector<unsigned> &values)
{
    sem_t *opened[3];
    for (size_t i = 0; i < 3; i++) {
        if (!values.empty())
            sem_unlink(names[i].c_str());
        opened[i] = values.empty() ? sem_open(names[i].c_str(), 0)
                                   : sem_open(names[i].c_str(), O_CREAT | O_EXCL, 0600, values[i]);
        must(opened[i] != SEM_FAILED, names[i]);
    }
    return {opened[0], opened[1], opened[2]};
}

static void remove_all(int fd, const std::string &name, const std::vector<std::string> &names)
{
    if (!is_named(fd, name))
        return;
    for (const std::string &each : names)
        sem_unlink(each.c_str());
    shm_unlink(name.c_str());
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        must(errno == EINTR, "sem_wait");
}

// --- fields ---

template <typename T> static T get(const unsigned char *at)
{
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

template <typename T> static void put(Bytes at, T value)
{
    std::memcpy(at, &value, sizeof value);
}

static void put_text(Bytes at, const std::string &text)
{
    std::memcpy(at, text.c_str(), text.size() + 1);
}

static std::string text(const unsigned char *at, size_t capacity)
{
    const char *begin = reinterpret_cast<const char *>(at);
    return std::string(begin, strnlen(begin, capacity));
}

// --- labs ---

static void lab1_read(const std::string &name)
{
    Bytes at = map(find(name, 1024), 1024);
    while (__atomic_load_n(at + 504, __ATOMIC_ACQUIRE) == 0)
        pause_a_little();
    std::printf("%d %s %lld\n[", get<int32_t>(at + 508), text(at + 532, 50).c_str(),
                static_cast<long long>(get<int64_t>(at + 588)));
    for (int i = 0; i < 10; i++)
        std::printf("%s%d", i == 0 ? "" : ", ", get<int32_t>(at + 596 + 4 * i));
    std::printf("]\n");
}

static void lab1_write(const std::string &name)
{
    int fd = create(name);
    must(fd >= 0 && ftruncate(fd, 1024) == 0, name);
    Bytes at = map(fd, 1024);
    put(at, static_cast<int32_t>(getpid()));
    put_text(at + 4, "Grüße aus C++");
    put(at + 508, int32_t{-7});
    put(at + 512, -1.25);
    put_text(at + 532, "Zoë");
    put(at + 588, int64_t{1234567890123});
    for (int32_t i = 0; i < 10; i++)
        put(at + 596 + 4 * i, 9 - i);
    __atomic_store_n(at + 504, 1, __ATOMIC_RELEASE);
    std::printf("written\n");
    std::fflush(stdout);
    while (std::getchar() != EOF)
        continue;
    remove_all(fd, name, {});
}

static void lab3(bool write, const std::string &path)
{
    int id;
    key_t key = ftok(path.c_str(), 65);
    while ((id = shmget(key, 108, write ? IPC_CREAT | IPC_EXCL | 0600 : 0)) < 0 && !write)
        pause_a_little();
    must(id >= 0, "shmget");
    Bytes at = static_cast<Bytes>(shmat(id, nullptr, 0));
    for (int32_t message = 1; message <= 5; message++) {
        while (__atomic_load_n(at + 104, __ATOMIC_ACQUIRE) != (write ? 0 : 1))
            pause_a_little();
        if (write) {
            put(at, message);
            put_text(at + 4, "foreign " + std::to_string(message));
        } else
            std::printf("%d %s\n", get<int32_t>(at), text(at + 4, 100).c_str());
        __atomic_store_n(at + 104, write ? 1 : 0, __ATOMIC_RELEASE);
    }
    while (write && __atomic_load_n(at + 104, __ATOMIC_ACQUIRE) != 0)
        pause_a_little();
    if (write)
        shmctl(id, IPC_RMID, nullptr);
}

// One attempt to become a user of lab 4's buffer; -1: not now.
static int buffer_join(const std::string &name)
{
    unsigned char magic[4];
    int fd = shm_open(name.c_str(), O_RDWR, 0);
    if (fd < 0)
        return -1;
    if (is_locked(fd, 0) && lock(fd, F_RDLCK, 0) && is_named(fd, name) && pread(fd, magic, 4, 0) == 4 &&
        std::memcmp(magic, "SBUF", 4) == 0)
        return fd;
    close(fd);
    return -1;
}

// One attempt to make it, with 8 slots.
static int buffer_create(const std::string &name, const std::vector<std::string> &names)
{
    int fd = create(name);
    if (fd < 0)
        return -1;
    must(ftruncate(fd, 32 + 64 * 8) == 0, name);
    semaphores(names, {8, 0, 1});
    Bytes at = map(fd, 32);
    put(at + 4, uint32_t{1});
    put(at + 8, uint32_t{64});
    put(at + 12, uint32_t{8});
    __atomic_store_n(reinterpret_cast<uint32_t *>(at), get<uint32_t>(reinterpret_cast<const unsigned char *>("SBUF")),
                     __ATOMIC_RELEASE);
    must(lock(fd, F_RDLCK, 0), "share byte 0");
    return fd;
}

static void buffer_pass(bool write, Bytes at, uint32_t capacity, int32_t item)
{
    Bytes index = at + (write ? 20 : 16); // tail, head
    uint32_t number = get<uint32_t>(index) % capacity;
    Bytes slot = at + 32 + 64 * number;
    if (write) {
        std::memset(slot, 0, 64);
        put(slot, int32_t{77});
        put(slot + 4, item);
        put_text(slot + 8, "foreign " + std::to_string(item));
    } else
        std::printf("%d %d %s\n", get<int32_t>(slot), get<int32_t>(slot + 4), text(slot + 8, 56).c_str());
    put(index, (number + 1) % capacity);
    put(at + 24, get<uint32_t>(at + 24) + (write ? 1U : -1U));
}

// A producer that is alone waits until everything was taken or somebody is there; the last one out removes all.
static void buffer_leave(bool write, int fd, const std::string &name, const std::vector<std::string> &names, sem_t *full)
{
    for (int left = 1; write && left > 0 && !is_locked(fd, 0); pause_a_little())
        sem_getvalue(full, &left);
    lock(fd, F_UNLCK, 0);
    if (lock(fd, F_WRLCK, 0))
        remove_all(fd, name, names);
}

static void lab4(bool write, const std::string &prefix, int items)
{
    std::string name = "/" + prefix + "_buffer";
    std::vector<std::string> names = {"/" + prefix + "_empty", "/" + prefix + "_full", "/" + prefix + "_mutex"};
    int fd;
    while ((fd = buffer_join(name)) < 0 && (!write || (fd = buffer_create(name, names)) < 0))
        pause_a_little();
    Semaphores tokens = semaphores(names, {});
    off_t size = size_of(fd);
    Bytes at = map(fd, size);
    uint32_t capacity = get<uint32_t>(at + 12);
    must(get<uint32_t>(at + 4) == 1 && get<uint32_t>(at + 8) == 64 && capacity >= 1 && capacity <= 1024 &&
             size == 32 + 64 * static_cast<off_t>(capacity),
         "another program's buffer");
    for (int32_t item = 1; item <= items; item++) {
        wait_for(write ? tokens.empty : tokens.full);
        wait_for(tokens.mutex);
        buffer_pass(write, at, capacity, item);
        sem_post(tokens.mutex);
        sem_post(write ? tokens.full : tokens.empty);
    }
    buffer_leave(write, fd, name, names, tokens.full);
}

enum : long { SLOT = 1233620, QUEUE = 12 + 5 * SLOT, PIXELS = 640 * 640 * 3 };

// Wait for EMPTY, and meanwhile let a consumer that comes know that it was seen.
static void slot_wait(int fd, sem_t *empty)
{
    while (sem_trywait(empty) != 0) {
        if (is_locked(fd, 1))
            lock(fd, F_WRLCK, 3);
        pause_a_little();
    }
}

static uint32_t mark_of(const std::string &names)
{
    uint32_t mark = 2166136261U;
    for (unsigned char byte : names)
        mark = (mark ^ byte) * 16777619U;
    return mark;
}

static void queue_pass(bool write, Bytes at, int32_t frame)
{
    Bytes index = at + (write ? 0 : 4); // write_idx, read_idx
    int32_t number = get<int32_t>(index) % 5;
    Bytes slot = at + 12 + SLOT * number;
    if (write) { // one detection, confidence 0.5
        const int32_t words[] = {frame, 640, 640, 3, 1, frame % 4, 0x3f000000, frame, 2, 3, 4};
        std::memcpy(slot, words, sizeof words);
        std::memset(slot + 4820, frame, PIXELS);
    } else {
        unsigned long sum = 0;
        for (long i = 0; i < PIXELS; i += 997)
            sum += slot[4820 + i];
        std::printf("%d %d %d %s\n", get<int32_t>(slot), get<int32_t>(slot + 4), get<int32_t>(slot + 16),
                    sum > 0 ? "true" : "false");
    }
    put(index, (number + 1) % 5);
    put(at + 8, get<int32_t>(at + 8) + (write ? 1 : -1));
}

static void lab6(bool write, const std::string &prefix, int frames)
{
    std::string name = "/" + prefix + "_QUEUE_SHM";
    std::vector<std::string> names = {"/" + prefix + "_EMPTY", "/" + prefix + "_FULL", "/" + prefix + "_MUTEX"};
    int fd = write ? create(name) : find(name, QUEUE);
    must(fd >= 0, "there is a producer");
    if (write)
        must(lock(fd, F_WRLCK, (off_t{1} << 32) + mark_of("circle\nsquare\ntriangle\nstar\n")), "say the mark");
    Semaphores tokens = semaphores(names, write ? std::vector<unsigned>{5, 0, 1} : std::vector<unsigned>{});
    if (write)
        must(ftruncate(fd, QUEUE) == 0, name);
    Bytes at = map(fd, QUEUE);
    for (int32_t frame = 1; frame <= frames; frame++) {
        if (write)
            slot_wait(fd, tokens.empty);
        else
            wait_for(tokens.full);
        wait_for(tokens.mutex);
        queue_pass(write, at, frame);
        sem_post(tokens.mutex);
        sem_post(write ? tokens.full : tokens.empty);
    }
    for (int i = 0; write && i < 5; i++) // until everything was read
        slot_wait(fd, tokens.empty);
    if (write)
        remove_all(fd, name, names);
}

int main(int argc, char **argv)
{
    const std::vector<std::string> words(argv, argv + argc);
    bool write = argc > 1 && words[1] == "write";
    int count = argc > 4 ? std::atoi(argv[4]) : 0;

    if (argc == 4 && words[2] == "lab1")
        (write ? lab1_write : lab1_read)(words[3]);
    else if (argc == 4 && words[2] == "lab3")
        lab3(write, words[3]);
    else if (argc == 5 && words[2] == "lab4")
        lab4(write, words[3], count);
    else if (argc == 5 && words[2] == "lab6")
        lab6(write, words[3], count);
    else {
        std::fprintf(stderr, "foreign_client read|write lab1 /NAME | lab3 KEY_PATH | lab4 PREFIX N | lab6 PREFIX N\n");
        return 2;
    }
}
