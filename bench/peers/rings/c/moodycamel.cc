// moodycamel::ConcurrentQueue with a token for each producer and consumer, and bulk calls; bounded by try_enqueue, which takes memory only
// from what was there at the start, about as much as holds the capacity for each producer. Order is kept for each producer, not among them.
//
// With three producers try_enqueue may fail for ever, also on an empty queue; after 1024 failures in a row the queue may grow by a block.
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
    int failed = 0;
    explicit In(Queued& q) : q(q), token(q.ring) {}
    bool stuck(bool pushed) { return (failed = pushed || failed == 1024 ? 0 : failed + 1) == 1024; }
    bool push(const T& v) {
      bool pushed = q.ring.try_enqueue(token, v);
      return stuck(pushed) ? q.ring.enqueue(token, v) : pushed;
    }
    size_t push(const T* v, size_t n) {
      bool pushed = q.ring.try_enqueue_bulk(token, v, n);
      return (stuck(pushed) ? q.ring.enqueue_bulk(token, v, n) : pushed) ? n : 0;
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
