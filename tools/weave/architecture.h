/* The architecture that filters of system calls accept: the numbers of calls are others on each. */
#ifndef WEAVE_ARCHITECTURE_H
#define WEAVE_ARCHITECTURE_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH of linux/audit.h is this machine?"
#endif

#endif
