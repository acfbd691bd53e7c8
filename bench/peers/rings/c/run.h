// What the programs of all C and C++ queues share: threads, loops, clock, checks. It does what the Go side does, line for line: the
// same items, the same check of every item, the same rule when to yield, the clock read in the same places.
//
// A queue Q<T> has a constructor that takes the capacity, and nested types In and Out, made from a Q& in the thread that uses them:
//
//     bool In::push(const T&)          size_t In::push(const T*, size_t)      as many as fit, where there is such a call
//     bool Out::pop(T&)                size_t Out::pop(T*, size_t)
//
// Usage: PROGRAM queue producers consumers batch bytes capacity cpu cpu milliseconds
#pragma once
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

// An item is aligned as the Go allocator aligns arrays of it: one of 64 bytes does not lie across two cache lines.
template <size_t Words>
struct alignas(Words * 8) Item {
  uint64_t word[Words];
  uint64_t number() const { return word[0]; }
  void set(uint64_t number) {
    for (size_t i = 0; i < Words; i++) word[i] = number + i;
  }
};

constexpr int producer_shift = 56;

struct Run {
  uint64_t first, end;
};

struct Tally {
  uint64_t first = 0;
  std::vector<Run> runs;
  uint64_t changed = 0;

  Tally() { runs.reserve(1 << 12); }

  __attribute__((noinline)) uint64_t turn(uint64_t number, uint64_t next) {
    if (first != next) runs.push_back({first, next});
    first = number;
    return number;
  }

  template <size_t Words>
  uint64_t check(const Item<Words>& v, uint64_t next) {
    if (v.number() != next) next = turn(v.number(), next);
    uint64_t differ = 0;
    for (size_t i = 1; i < Words; i++) differ |= v.word[i] ^ (next + i);
    if (differ) changed++;
    return next + 1;
  }

  // check_all is check for each; small items that continue the run are looked at eight at a time.
  template <size_t Words>
  uint64_t check_all(const Item<Words>* v, size_t n, uint64_t next) {
    for (; Words == 1 && n >= 8; v += 8, n -= 8, next += 8) {
      uint64_t differ = 0;
      for (size_t i = 0; i < 8; i++) differ |= v[i].number() ^ (next + i);
      if (differ) break;
    }
    for (; n > 0; n--) next = check(*v++, next);
    return next;
  }

  void end(uint64_t next) { turn(next, next); }
};

[[noreturn]] inline void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

// audit ends the program unless the tallies hold each number of what was sent once, and for each consumer those of a producer in
// ascending order.
inline void audit(const std::vector<Run>& sent, const std::vector<std::unique_ptr<Tally>>& tallies) {
  uint64_t lost = 0, doubled = 0, strange = 0, disorder = 0, changed = 0;
  std::vector<std::vector<Run>> got(sent.size());
  for (auto& t : tallies) {
    changed += t->changed;
    std::vector<uint64_t> last(sent.size());
    for (auto& r : t->runs) {
      uint64_t p = r.first >> producer_shift;
      if (p >= sent.size() || r.first < sent[p].first || r.end > sent[p].end) {
        strange += r.end - r.first;
        continue;
      }
      if (r.first < last[p]) disorder++;
      last[p] = r.end;
      got[p].push_back(r);
    }
  }
  for (size_t p = 0; p < sent.size(); p++) {
    std::sort(got[p].begin(), got[p].end(), [](const Run& a, const Run& b) { return a.first < b.first; });
    uint64_t at = sent[p].first;
    for (auto& r : got[p]) {
      if (r.first > at) lost += r.first - at;
      if (r.first < at) doubled += std::min(at, r.end) - r.first;
      at = std::max(at, r.end);
    }
    lost += sent[p].end - at;
  }
  if (lost + doubled + strange + disorder + changed == 0) return;
  fprintf(stderr, "%lu items lost, %lu doubled, %lu that nobody sent, %lu times out of order, %lu changed\n", lost, doubled, strange,
          disorder, changed);
  exit(1);
}

inline int again(int tried, int tries) {
  if (++tried < tries) return tried;
  sched_yield();
  return 0;
}

inline uint64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000 + uint64_t(t.tv_nsec);
}

inline uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return now_ns();
#endif
}

// Whole cache lines, of which the compiler knows that nothing else points into them.
template <class T>
struct Lines {
  using value_type = T;
  T* allocate(size_t n) { return static_cast<T*>(aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64)); }
  void deallocate(T* p, size_t) { free(p); }
};

// What is pushed, or popped into, many at a time. With Lines g++ vectorizes rte_ring's copies of 64 bytes better, which then take three quarters of
// the time, and those of 8 bytes worse, which take a fifth more: each gets what serves it.
template <class T>
using Buffer = std::conditional_t<sizeof(T) == 8, std::vector<T>, std::vector<T, Lines<T>>>;

struct Work {
  int producers, consumers, batch, bytes, capacity;
  int cpus[2];
  double ms;
  int tries() const { return producers + consumers > 2 ? 32 : 1000; }
};

// Threads that begin together, each pinned to one of two CPUs in turn.
class Team {
 public:
  Team(int size, const int* cpus) : size_(size), cpus_(cpus) {}

  void add(int member, std::function<void()> f) {
    threads_.emplace_back([this, member, f] {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(cpus_[member % 2], &set);
      if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) fail("cannot pin a thread");
      arrived_++;
      while (arrived_ < size_) sched_yield();
      uint64_t began = now_ns();
      f();
      uint64_t ended = now_ns();
      std::lock_guard<std::mutex> hold(mu_);
      began_ = std::min(began_, began);
      ended_ = std::max(ended_, ended);
    });
  }

  double lasted() {
    for (auto& t : threads_) t.join();
    return double(ended_ - began_);
  }

 private:
  int size_;
  const int* cpus_;
  std::atomic<int> arrived_{0};
  std::vector<std::thread> threads_;
  std::mutex mu_;
  uint64_t began_ = UINT64_MAX, ended_ = 0;
};

template <class Q, class T>
void pushes(Q& q, Run r, int tries) {
  typename Q::In in(q);
  T v;
  for (uint64_t n = r.first; n < r.end; n++) {
    v.set(n);
    for (int tried = 0; !in.push(v);) tried = again(tried, tries);
  }
}

template <class Q, class T>
void pops(Q& q, Tally& t, std::atomic<bool>& done, int tries) {
  typename Q::Out out(q);
  T v;
  uint64_t next = 0;
  bool over = false;
  for (int tried = 0;;) {
    if (out.pop(v)) {
      next = t.check(v, next);
      tried = 0;
      continue;
    }
    if (over) break;
    tried = again(tried, tries);
    over = done.load(std::memory_order_acquire);  // before the try that finds nothing more
  }
  t.end(next);
}

template <class Q, class T>
void push_batches(Q& q, Run r, size_t batch, int tries) {
  typename Q::In in(q);
  Buffer<T> items(batch);
  for (uint64_t n = r.first; n < r.end;) {
    size_t left = std::min<uint64_t>(batch, r.end - n);
    for (size_t i = 0; i < left; i++) items[i].set(n + i);
    n += left;
    const T* from = items.data();
    for (int tried = 0; left > 0;) {
      size_t k = in.push(from, left);
      if (k > 0) {
        from += k;
        left -= k;
        tried = 0;
        continue;
      }
      tried = again(tried, tries);
    }
  }
}

template <class Q, class T>
void pop_batches(Q& q, Tally& t, std::atomic<bool>& done, size_t batch, int tries) {
  typename Q::Out out(q);
  Buffer<T> dst(batch);
  uint64_t next = 0;
  bool over = false;
  for (int tried = 0;;) {
    size_t n = out.pop(dst.data(), batch);
    if (n > 0) {
      next = t.check_all(dst.data(), n, next);
      tried = 0;
      continue;
    }
    if (over) break;
    tried = again(tried, tries);
    over = done.load(std::memory_order_acquire);  // before the try that finds nothing more
  }
  t.end(next);
}

template <class Q, class T>
constexpr bool has_batches = requires(typename Q::In in, typename Q::Out out, T* p, size_t n) {
  in.push(p, n);
  out.pop(p, n);
};

template <class Q, class T>
double transfer(const Work& w, Q& q, uint64_t base, uint64_t each) {
  std::atomic<bool> done{false};
  std::atomic<int> left{w.producers};
  Team crew(w.producers + w.consumers, w.cpus);
  std::vector<Run> sent;
  for (int p = 0; p < w.producers; p++) {
    uint64_t first = (uint64_t(p) << producer_shift) + base;
    Run r{first, first + each};
    sent.push_back(r);
    crew.add(p, [&w, &q, &done, &left, r] {
      if constexpr (has_batches<Q, T>) {
        if (w.batch > 1)
          push_batches<Q, T>(q, r, w.batch, w.tries());
        else
          pushes<Q, T>(q, r, w.tries());
      } else {
        pushes<Q, T>(q, r, w.tries());
      }
      if (--left == 0) done.store(true, std::memory_order_release);
    });
  }
  std::vector<std::unique_ptr<Tally>> tallies;
  for (int i = 0; i < w.consumers; i++) {
    tallies.push_back(std::make_unique<Tally>());
    Tally& t = *tallies.back();
    crew.add(w.producers + i, [&w, &q, &done, &t] {
      if constexpr (has_batches<Q, T>) {
        if (w.batch > 1)
          pop_batches<Q, T>(q, t, done, w.batch, w.tries());
        else
          pops<Q, T>(q, t, done, w.tries());
      } else {
        pops<Q, T>(q, t, done, w.tries());
      }
    });
  }
  double took = crew.lasted();
  audit(sent, tallies);
  return took;
}

// Runs that grow until one lasts a quarter of the time warm up; then comes the one that is timed.
template <class Q, class T>
void throughput(const Work& w) {
  auto q = std::make_unique<Q>(w.capacity);
  uint64_t each = std::max(4096, 2 * w.capacity) / w.producers, base = 0;
  for (;;) {
    double took = transfer<Q, T>(w, *q, base, each);
    base += each;
    double grow = w.ms * 1e6 / took;
    each = uint64_t(double(each) * std::min(grow, 8.0));
    if (grow < 4) break;
  }
  printf("%.4f\n", transfer<Q, T>(w, *q, base, each) / double(each * w.producers));
}

template <class In, class T>
void send(In& in, const T& v, int tries) {
  for (int tried = 0; !in.push(v);) tried = again(tried, tries);
}

template <class T, class Out>
T receive(Out& out, int tries) {
  T v;
  for (int tried = 0; !out.pop(v);) tried = again(tried, tries);
  return v;
}

template <class Q, class T>
double bounce(const Work& w, Q& there, Q& back, std::vector<uint32_t>& took) {
  Team pair(2, w.cpus);
  uint64_t wrong = 0;
  pair.add(0, [&] {
    typename Q::In in(there);
    typename Q::Out out(back);
    uint64_t last = ticks();
    for (size_t i = 0; i < took.size(); i++) {
      T v;
      v.set(i);
      send(in, v, 1000);
      if (receive<T>(out, 1000).number() != i) wrong++;
      uint64_t now = ticks();
      took[i] = uint32_t(std::min<uint64_t>(now - last, UINT32_MAX));
      last = now;
    }
  });
  pair.add(1, [&] {
    typename Q::In in(back);
    typename Q::Out out(there);
    for (size_t i = 0; i < took.size(); i++) send(in, receive<T>(out, 1000), 1000);
  });
  double lasted = pair.lasted();
  if (wrong > 0) fail("items came back changed");
  return lasted;
}

// A quantile of sorted ticks. A counter that many processors advance in steps of 10 ns gives few different values; those that are alike
// are taken to lie evenly in the step around them.
inline double spread(const std::vector<uint32_t>& sorted, double share) {
  uint32_t step = UINT32_MAX;
  for (size_t i = 1; i < sorted.size(); i++)
    if (sorted[i] > sorted[i - 1]) step = std::min(step, sorted[i] - sorted[i - 1]);
  if (step == UINT32_MAX) return sorted[0];  // all alike
  double at = share * double(sorted.size() - 1);
  uint32_t v = sorted[size_t(at)];
  auto [first, end] = std::equal_range(sorted.begin(), sorted.end(), v);
  return v + step * ((at - double(first - sorted.begin()) + 0.5) / double(end - first) - 0.5);
}

template <class Q, class T>
void round_trips(const Work& w) {
  auto there = std::make_unique<Q>(w.capacity), back = std::make_unique<Q>(w.capacity);
  std::vector<uint32_t> took(1024);
  for (;;) {
    double grow = w.ms * 1e6 / bounce<Q, T>(w, *there, *back, took);
    took.assign(size_t(double(took.size()) * std::min(grow, 8.0)), 1);
    if (grow < 4) break;
  }
  uint64_t began = now_ns(), from = ticks();
  bounce<Q, T>(w, *there, *back, took);
  double scale = double(now_ns() - began) / double(ticks() - from);
  std::sort(took.begin(), took.end());
  printf("%.2f %.2f %.2f\n", scale * spread(took, 0.5), scale * spread(took, 0.99), scale * spread(took, 0.999));
}

template <class Q, class T>
void measure(const Work& w) {
  if (w.producers > 0)
    throughput<Q, T>(w);
  else
    round_trips<Q, T>(w);
}

// A program is a list of the queues it has: names and how to measure them with items of both sizes.
struct Queue {
  const char* name;
  void (*of8)(const Work&);
  void (*of64)(const Work&);
};

template <template <class> class Q>
Queue queue(const char* name) {
  return {name, measure<Q<Item<1>>, Item<1>>, measure<Q<Item<8>>, Item<8>>};
}

inline int program(const std::vector<Queue>& queues, int argc, char** argv) {
  if (argc != 10) fail("usage: queue producers consumers batch bytes capacity cpu cpu milliseconds");
  Work w{atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atoi(argv[5]), atoi(argv[6]), {atoi(argv[7]), atoi(argv[8])}, atof(argv[9])};
  for (auto& q : queues)
    if (strcmp(q.name, argv[1]) == 0) {
      (w.bytes == 8 ? q.of8 : q.of64)(w);
      return 0;
    }
  fail("no such queue");
}
