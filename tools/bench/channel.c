/* The list of channels, and what they share: see channel.h. */
#include "channel.h"

#include <string.h>

const struct channel *const channels[] = {
    &channel_flag,
    &channel_flag_line,
    &channel_futex,
    &channel_semaphore,
    &channel_semaphore_spin,
    &channel_condition,
    &channel_sysv_semaphore,
    &channel_pipe,
    &channel_pipe_large,
    &channel_pipe_vmsplice,
    &channel_fifo,
    &channel_unix_stream,
    &channel_unix_seqpacket,
    &channel_unix_datagram,
    &channel_tcp,
    &channel_posix_queue,
    &channel_sysv_queue,
    &channel_vm_readv,
    &channel_lab6_documented,
    &channel_lab6_index_lock,
    &channel_lab6_no_lock,
    &channel_lab6_reference,
    &channel_ring,
    &channel_ring_sleep,
    &channel_ring_sequence,
    &channel_bare_index,
    &channel_bare_sequence,
    &channel_zeromq,
    &channel_nng,
    &channel_boost_queue,
    &channel_boost_ring,
    &channel_dbus,
    &channel_iceoryx,
    &channel_iceoryx_sleep,
    NULL,
};

bool channel_carry_send(struct link *link, const void *message, size_t size)
{
    void *slot = link->channel->acquire(link);

    if (slot == NULL)
        return false;
    memcpy(slot, message, size);
    return link->channel->publish(link);
}

bool channel_carry_receive(struct link *link, void *message, size_t size)
{
    const void *slot = link->channel->take(link);

    if (slot == NULL)
        return false;
    memcpy(message, slot, size);
    return link->channel->release(link);
}
