// Boost.Lockfree: spsc_queue, with its calls for many items, of a capacity known at run time or when compiled, and queue of fixed size (which has none).
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include "run.h"

template <class T, class... Options>
struct Single {
  boost::lockfree::spsc_queue<T, Options...> ring;
  explicit Single(int capacity) requires(sizeof...(Options) == 0) : ring(capacity) {}
  explicit Single(int) requires(sizeof...(Options) > 0) {}

  struct In {
    Single& q;
    explicit In(Single& q) : q(q) {}
    bool push(const T& v) { return q.ring.push(v); }
    size_t push(const T* v, size_t n) { return q.ring.push(v, n); }
  };
  struct Out {
    Single& q;
    explicit Out(Single& q) : q(q) {}
    bool pop(T& v) { return q.ring.pop(v); }
    size_t pop(T* v, size_t n) { return q.ring.pop(v, n); }
  };
};

template <class T>
using SPSC = Single<T>;
template <class T>
using Small = Single<T, boost::lockfree::capacity<1024>>;
template <class T>
using Large = Single<T, boost::lockfree::capacity<65536>>;

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

int main(int argc, char** argv) {
  std::vector<Queue> queues{queue<SPSC>("boost_spsc"), queue<MPMC>("boost_queue")};
  if (argc > 6 && atoi(argv[6]) == 1024) queues.push_back(queue<Small>("boost_spsc_fixed"));
  if (argc > 6 && atoi(argv[6]) == 65536) queues.push_back(queue<Large>("boost_spsc_fixed"));
  return program(queues, argc, argv);
}
