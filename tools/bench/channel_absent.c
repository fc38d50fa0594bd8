/* Channels whose library is not installed: they stay in the list, with the package that brings them. */
#include "channel.h"

#ifndef BENCH_ZEROMQ
const struct channel channel_zeromq = {
    .id = "zeromq", .title = "ZeroMQ", .package = "libzmq3-dev", .absent = "not installed"};
#endif
#ifndef BENCH_NNG
const struct channel channel_nng = {.id = "nng", .title = "nng", .package = "libnng-dev", .absent = "not installed"};
#endif
#ifndef BENCH_BOOST
const struct channel channel_boost_queue = {.id = "boost-queue",
                                            .title = "Boost.Interprocess message_queue",
                                            .package = "libboost-dev g++",
                                            .absent = "not installed"};
const struct channel channel_boost_ring = {
    .id = "boost-ring", .title = "Boost.Lockfree spsc_queue", .package = "libboost-dev g++", .absent = "not installed"};
#endif
#ifndef BENCH_DBUS
const struct channel channel_dbus = {
    .id = "dbus", .title = "D-Bus", .package = "libsystemd-dev", .absent = "not installed"};
#endif
#ifndef BENCH_ICEORYX
#define ICEORYX_ABSENT .package = "libiceoryx-binding-c-dev iceoryx", .absent = "not installed"
const struct channel channel_iceoryx = {.id = "iceoryx", .title = "iceoryx, polled", ICEORYX_ABSENT};
const struct channel channel_iceoryx_sleep = {
    .id = "iceoryx-sleep", .title = "iceoryx, with a wait set", .waits = WAITS_BLOCKED, ICEORYX_ABSENT};
#endif
