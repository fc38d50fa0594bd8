// Boost.Interprocess and Boost.Lockfree behind C functions: see boost_calls.h.
#include "boost_calls.h"

#include <array>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <cerrno>
#include <memory>
#include <new>

namespace
{

using boost::interprocess::message_queue;

constexpr std::size_t depth = 5;
constexpr std::size_t small_message = 64; // bytes

using message = std::array<unsigned char, small_message>;
using ring = boost::lockfree::spsc_queue<message, boost::lockfree::capacity<depth>>;

} // namespace

void *boost_queue_new(const char *name, size_t size)
try {
    std::unique_ptr<message_queue> queue(
        new message_queue(boost::interprocess::create_only, name, depth, size, 0600));
    message_queue::remove(name); // the mapping stays, and children inherit it
    return queue.release();
} catch (const std::exception &) {
    message_queue::remove(name);
    errno = EIO;
    return nullptr;
}

void boost_queue_free(void *queue)
{
    delete static_cast<message_queue *>(queue);
}

bool boost_queue_send(void *queue, const void *bytes, size_t size)
try {
    static_cast<message_queue *>(queue)->send(bytes, size, 0);
    return true;
} catch (const std::exception &) {
    errno = EIO;
    return false;
}

bool boost_queue_receive(void *queue, void *bytes, size_t size)
try {
    message_queue::size_type received;
    unsigned priority;
    static_cast<message_queue *>(queue)->receive(bytes, size, received, priority);
    return received == size;
} catch (const std::exception &) {
    errno = EIO;
    return false;
}

size_t boost_ring_size(void)
{
    return sizeof(ring);
}

void boost_ring_make(void *memory)
{
    new (memory) ring; // with a fixed capacity it holds no pointers, so it may be shared
}

bool boost_ring_push(void *memory, const void *bytes)
{
    return static_cast<ring *>(memory)->push(*static_cast<const message *>(bytes));
}

bool boost_ring_pop(void *memory, void *bytes)
{
    return static_cast<ring *>(memory)->pop(*static_cast<message *>(bytes));
}
