/*
 * What this machine offers, asked by trying: by checks, so that what a machine lacks is not charged to a student, and
 * by `lab doctor`, which tells it. Nothing that is made for it stays.
 */
#ifndef HARNESS_MACHINE_H
#define HARNESS_MACHINE_H

#include <stdbool.h>

struct process_place;
struct shmid_ds;

struct machine_answer {
    bool good;
    char what[256]; /* in words: "/dev/shm: 3 MiB free" */
    char cure[512]; /* what to do where it is not good, for the system that this is */
};

/* A folder for the programs of a run: can files be made there, and run, and is there space for a build? */
struct machine_answer machine_folder(const char *folder);
/* The same for the one that keeps what a run found out. */
struct machine_answer machine_results(const char *folder);
/* POSIX shared memory and semaphores: can they be made, and is there space for so many bytes? */
struct machine_answer machine_posix(unsigned long long bytes);
/* System V shared memory. */
struct machine_answer machine_sysv(void);
/* The id of the segment at this index of the kernel's table, -1: none; what is known of it in *info. Whoever may look
 * at it, where SHM_STAT_ANY is known (Linux 4.17, and no emulator: shmctl(2)); else only what we may read. */
int machine_segment(int index, struct shmid_ds *info);
/* Processor time in seconds that a Python program needs here before its first own line. */
double machine_python_seconds(const struct process_place *place);
/* Open files of a process. */
struct machine_answer machine_files(void);
/* Processes and threads of this user. */
struct machine_answer machine_processes(void);

/* What a lab with pictures needs of /dev/shm, and one without: all of its checks at a time. */
enum { MACHINE_PICTURES = 32 << 20, MACHINE_PLAIN = 1 << 20 };

/* Sanitizers, tried with a program that has nothing to be found. */
enum sanitizer { SANITIZER_ADDRESS, SANITIZER_LEAK, SANITIZER_THREAD };
struct machine_answer machine_sanitizer(enum sanitizer which, const struct process_place *place);
/* Does a program's output say that its sanitizer could not start, or not do its work, whatever the program did? */
bool machine_refused_sanitizer(const char *output);

/* ---- For the doctor ---- */

/* A library that is preloaded, as calls are made to fail. */
struct machine_answer machine_preload(void);
/* Instructions, one by one: ptrace(2). */
struct machine_answer machine_steps(void);

/* Whether a program that is stepped through comes out of its atomic operations: every exception clears the reservation
 * of an exclusive load, so a pair (LDXR, STXR) would be tried forever. From Armv8.1 on they are single instructions:
 * HWCAP_ATOMICS, getauxval(3). */
bool machine_steps_end(void);
/* User namespaces, with mounts in them. */
struct machine_answer machine_namespaces(void);
/* weave, on two small programs. */
struct machine_answer machine_weave(void);
/* Good: the processor is the one that programs are made for. */
struct machine_answer machine_native(void);

#endif
