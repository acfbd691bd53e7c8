// moodycamel::ReaderWriterQueue, bounded by try_enqueue, which takes no memory.
#if __has_include(<readerwriterqueue/readerwriterqueue.h>)
#include <readerwriterqueue/readerwriterqueue.h>
#else
#include <readerwriterqueue.h>
#endif

#include "run.h"

template <class T>
struct SPSC {
  moodycamel::ReaderWriterQueue<T> ring;
  explicit SPSC(int capacity) : ring(capacity) {}

  struct In {
    SPSC& q;
    explicit In(SPSC& q) : q(q) {}
    bool push(const T& v) { return q.ring.try_enqueue(v); }
  };
  struct Out {
    SPSC& q;
    explicit Out(SPSC& q) : q(q) {}
    bool pop(T& v) { return q.ring.try_dequeue(v); }
  };
};

int main(int argc, char** argv) { return program({queue<SPSC>("readerwriter")}, argc, argv); }
