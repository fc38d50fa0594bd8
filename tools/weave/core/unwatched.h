/*
 * Functions of the C library that read or write through pointers and that weave does not follow there: where one gets a
 * pointer to shared memory, the verdict names it. See runtime/unwatched_calls.c.
 */
#ifndef WEAVE_UNWATCHED_H
#define WEAVE_UNWATCHED_H

/* The formatter never comes to an end with this list. */
/* clang-format off */
#define UNWATCHED_CALLS(CALL) \
    CALL(strptime) CALL(strxfrm) CALL(strfry) CALL(memfrob) CALL(a64l) CALL(stpncpy) CALL(gcvt) CALL(ecvt_r) \
    CALL(fcvt_r) CALL(basename) CALL(dirname) CALL(fnmatch) CALL(regcomp) CALL(regexec) CALL(wcscmp) \
    CALL(wcsncmp) CALL(wcscat) CALL(wcsncat) CALL(wcsncpy) CALL(wcschr) CALL(wcsrchr) CALL(wcsstr) CALL(wcstol) \
    CALL(wcstod) CALL(wmemcmp) CALL(wmemmove) CALL(wmemchr) CALL(mbstowcs) CALL(wcstombs) CALL(mbtowc) \
    CALL(mbrtowc) CALL(wcrtomb) CALL(swprintf) CALL(fwprintf) CALL(wprintf) CALL(swscanf) CALL(fgetws) \
    CALL(fputws) CALL(qsort_r) CALL(lfind) CALL(lsearch) CALL(mkstemp) CALL(mkdtemp) CALL(tmpnam) CALL(getpwnam) \
    CALL(getpwnam_r) CALL(getpwuid_r) CALL(getgrnam) CALL(gethostbyname) CALL(getaddrinfo) CALL(getnameinfo) \
    CALL(inet_aton) CALL(inet_addr) CALL(getsockname) CALL(getpeername) CALL(sendto) CALL(recvfrom) \
    CALL(sendfile) CALL(preadv) CALL(pwritev) CALL(process_vm_readv) CALL(process_vm_writev) CALL(sysinfo) \
    CALL(times) CALL(getrlimit) CALL(statvfs) CALL(statfs) CALL(utimensat) CALL(timespec_get) \
    CALL(gmtime) CALL(localtime) CALL(ctime) CALL(asctime) CALL(timegm) CALL(clock_getres) CALL(readdir_r) \
    CALL(setvbuf) CALL(setbuf) CALL(random_r) CALL(srandom_r) CALL(initstate) CALL(erand48) CALL(nrand48) \
    CALL(jrand48) CALL(drand48_r) CALL(getgroups) CALL(getlogin_r) CALL(ttyname_r) CALL(link) CALL(symlink) \
    CALL(chmod) CALL(chown) CALL(truncate) CALL(openat) CALL(syslog) CALL(getopt) CALL(nftw) CALL(sigpending) \
    CALL(epoll_wait) CALL(epoll_ctl)
/* clang-format on */

#define UNWATCHED_NUMBER(name) UNWATCHED_##name,
enum { UNWATCHED_CALLS(UNWATCHED_NUMBER) UNWATCHED_COUNT };

#endif
