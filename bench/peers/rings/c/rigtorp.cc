// Erik Rigtorp's SPSCQueue and MPMCQueue, of single items, from headers in a directory that RIGTORP names: they are in no package.
#include <rigtorp/MPMCQueue.h>
#include <rigtorp/SPSCQueue.h>

#include "run.h"

template <class T>
struct SPSC {
  rigtorp::SPSCQueue<T> ring;
  explicit SPSC(int capacity) : ring(capacity) {}

  struct In {
    SPSC& q;
    explicit In(SPSC& q) : q(q) {}
    bool push(const T& v) { return q.ring.try_push(v); }
  };
  struct Out {
    SPSC& q;
    explicit Out(SPSC& q) : q(q) {}
    bool pop(T& v) {
      T* front = q.ring.front();
      if (!front) return false;
      v = *front;
      q.ring.pop();
      return true;
    }
  };
};

template <class T>
struct MPMC {
  rigtorp::MPMCQueue<T> ring;
  explicit MPMC(int capacity) : ring(capacity) {}

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

int main(int argc, char** argv) { return program({queue<SPSC>("rigtorp_spsc"), queue<MPMC>("rigtorp_mpmc")}, argc, argv); }
