// moodycamel::ConcurrentQueue with a token for each producer and consumer, and bulk calls. Order is kept for each producer, not among them.
//
// The queue has no bound of its own that holds: try_enqueue_bulk, which takes no memory, loses items when it fails in version 1.0.3, and with
// three producers try_enqueue fails for ever now and then. So producers ask for its size when they may have filled it since they last did.
#if __has_include(<concurrentqueue/moodycamel/concurrentqueue.h>)
#include <concurrentqueue/moodycamel/concurrentqueue.h>
#else
#include <concurrentqueue/concurrentqueue.h>
#endif

#include "run.h"

template <class T>
struct Queued {
  moodycamel::ConcurrentQueue<T> ring;
  size_t capacity;
  explicit Queued(int capacity) : ring(capacity, 4, 0), capacity(capacity) {}

  struct In {
    Queued& q;
    moodycamel::ProducerToken token;
    size_t room = 0;
    explicit In(Queued& q) : q(q), token(q.ring) {}
    size_t take(size_t n) {
      if (room < n) room = q.capacity - std::min(q.capacity, q.ring.size_approx());
      n = std::min(n, room);
      room -= n;
      return n;
    }
    bool push(const T& v) { return take(1) == 1 && q.ring.enqueue(token, v); }
    size_t push(const T* v, size_t n) {
      n = take(n);
      return n > 0 && q.ring.enqueue_bulk(token, v, n) ? n : 0;
    }
  };
  struct Out {
    Queued& q;
    moodycamel::ConsumerToken token;
    explicit Out(Queued& q) : q(q), token(q.ring) {}
    bool pop(T& v) { return q.ring.try_dequeue(token, v); }
    size_t pop(T* v, size_t n) { return q.ring.try_dequeue_bulk(token, v, n); }
  };
};

int main(int argc, char** argv) { return program({queue<Queued>("moodycamel")}, argc, argv); }
