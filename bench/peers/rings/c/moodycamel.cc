// moodycamel::ConcurrentQueue with a token for each producer and consumer, and bulk calls; bounded by try_enqueue, which takes memory only
// from what was there at the start. Order is kept for each producer, not among them. The bound is approximate: blocks of 32 items belong to
// producers, so it needs some more of them to hold the capacity.
#if __has_include(<concurrentqueue/moodycamel/concurrentqueue.h>)
#include <concurrentqueue/moodycamel/concurrentqueue.h>
#else
#include <concurrentqueue/concurrentqueue.h>
#endif

#include "run.h"

template <class T>
struct Queued {
  moodycamel::ConcurrentQueue<T> ring;
  explicit Queued(int capacity) : ring(capacity, 4, 0) {}

  struct In {
    Queued& q;
    moodycamel::ProducerToken token;
    explicit In(Queued& q) : q(q), token(q.ring) {}
    bool push(const T& v) { return q.ring.try_enqueue(token, v); }
    size_t push(const T* v, size_t n) { return q.ring.try_enqueue_bulk(token, v, n) ? n : 0; }
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
