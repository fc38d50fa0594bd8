/*
 * One of every kind of object: a schedule that is run again must come to the same state, whatever numbers the kernel
 * gives to files, segments and semaphores this time.
 *
 * expect: pass
 * run: all
 */
#include "../subject.h"

#include <pthread.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { KEY = 4711 };

struct shared {
    sem_t unnamed;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    pthread_rwlock_t rwlock;
    pthread_barrier_t barrier;
    _Atomic int flag;
    int value;
};

/* What both processes have. */
struct world {
    struct shared *object, *anonymous, *file, *segment;
    sem_t *named;
    int descriptor, set;
};

static void make_pthread_objects(struct shared *shared)
{
    pthread_mutexattr_t mutex;
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &mutex);
    pthread_condattr_t condition;
    pthread_condattr_init(&condition);
    pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&shared->condition, &condition);
    pthread_rwlockattr_t rwlock;
    pthread_rwlockattr_init(&rwlock);
    pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_init(&shared->rwlock, &rwlock);
    pthread_barrierattr_t barrier;
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->barrier, &barrier, 2);
    sem_init(&shared->unnamed, 1, 0);
}

static struct world make_world(void)
{
    size_t size = sizeof(struct shared);
    struct world world = {.object = subject_share(size), .named = subject_semaphore("/named", 0)};
    world.descriptor = open("/dev/shm/file", O_RDWR | O_CREAT, 0600);
    struct stat status;
    subject_check(ftruncate(world.descriptor, (off_t)size) == 0 && fstat(world.descriptor, &status) == 0, "a file");
    world.file = subject_map(world.descriptor, size);
    world.anonymous = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int segment = shmget(KEY, size, IPC_CREAT | 0600);
    world.segment = shmat(segment, NULL, 0);
    world.set = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    subject_check(segment >= 0 && world.set >= 0, "System V objects");
    make_pthread_objects(world.object);
    return world;
}

static void lock_file(const struct world *world, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};
    subject_check(fcntl(world->descriptor, F_SETLKW, &lock) == 0, "the file is locked");
}

/* Everything that a process can do with all of them, one after the other. */
static void use(const struct world *world)
{
    pthread_mutex_lock(&world->object->mutex);
    world->anonymous->value++;
    pthread_mutex_unlock(&world->object->mutex);
    pthread_rwlock_wrlock(&world->object->rwlock);
    world->segment->value++;
    pthread_rwlock_unlock(&world->object->rwlock);
    lock_file(world, F_WRLCK);
    world->file->value++;
    lock_file(world, F_UNLCK);
    pthread_barrier_wait(&world->object->barrier);
}

static void child_role(const struct world *world)
{
    use(world);
    sem_post(&world->object->unnamed);
    sem_post(world->named);
    semop(world->set, &(struct sembuf){.sem_op = 1}, 1);
    pthread_mutex_lock(&world->object->mutex);
    atomic_store(&world->object->flag, 1);
    pthread_cond_signal(&world->object->condition);
    pthread_mutex_unlock(&world->object->mutex);
}

static void parent_role(const struct world *world)
{
    use(world);
    sem_wait(&world->object->unnamed);
    sem_wait(world->named);
    semop(world->set, &(struct sembuf){.sem_op = -1}, 1);
    pthread_mutex_lock(&world->object->mutex);
    while (!atomic_load(&world->object->flag))
        pthread_cond_wait(&world->object->condition, &world->object->mutex);
    pthread_mutex_unlock(&world->object->mutex);
    subject_check(world->anonymous->value == 2 && world->segment->value == 2 && world->file->value == 2, "all counted");
}

int main(void)
{
    struct world world = make_world();
    pid_t child_id = fork();
    if (child_id == 0) {
        child_role(&world);
        exit(0);
    }
    parent_role(&world);
    return subject_join(child_id);
}
