// oneTBB's concurrent_bounded_queue, by the calls that do not block.
#include <oneapi/tbb/concurrent_queue.h>

#include "run.h"

template <class T>
struct MPMC {
  oneapi::tbb::concurrent_bounded_queue<T> ring;
  explicit MPMC(int capacity) { ring.set_capacity(capacity); }

  struct In {
    MPMC& q;
    explicit In(MPMC& q) : q(q) {}
    bool push(const T& v) { return q.ring.try_push(v); }
  };
  struct Out {
    MPMC& q;
    explicit Out(MPMC& q) : q(q) {}
    bool pop(T& v) { return q.ring.try_pop(v); }
  };
};

int main(int argc, char** argv) { return program({queue<MPMC>("tbb")}, argc, argv); }
