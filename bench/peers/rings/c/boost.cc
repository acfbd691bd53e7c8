// Boost.Lockfree: spsc_queue, with its calls for many items, and queue of fixed size (which has none).
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include "run.h"

template <class T>
struct SPSC {
  boost::lockfree::spsc_queue<T> ring;
  explicit SPSC(int capacity) : ring(capacity) {}

  struct In {
    SPSC& q;
    explicit In(SPSC& q) : q(q) {}
    bool push(const T& v) { return q.ring.push(v); }
    size_t push(const T* v, size_t n) { return q.ring.push(v, n); }
  };
  struct Out {
    SPSC& q;
    explicit Out(SPSC& q) : q(q) {}
    bool pop(T& v) { return q.ring.pop(v); }
    size_t pop(T* v, size_t n) { return q.ring.pop(v, n); }
  };
};

// A queue of fixed size takes its nodes from an array whose indexes have 16 bits: 65534 of them at most. What is one node
// short of the capacity is measured as if it were not.
template <class T>
struct MPMC {
  boost::lockfree::queue<T, boost::lockfree::fixed_sized<true>> ring;
  explicit MPMC(int capacity) : ring(std::min(capacity, 65534)) {}

  struct In {
    MPMC& q;
    explicit In(MPMC& q) : q(q) {}
    bool push(const T& v) { return q.ring.bounded_push(v); }
  };
  struct Out {
    MPMC& q;
    explicit Out(MPMC& q) : q(q) {}
    bool pop(T& v) { return q.ring.pop(v); }
  };
};

int main(int argc, char** argv) { return program({queue<SPSC>("boost_spsc"), queue<MPMC>("boost_queue")}, argc, argv); }
