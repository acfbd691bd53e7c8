// A queue that is broken on purpose: it loses an item, or passes one on twice. Tests make sure that this is found.
#include <queue>

#include "run.h"

template <class T, bool Twice>
struct Broken {
  std::mutex mu;
  std::queue<T> items;
  int capacity, pushed = 0;
  explicit Broken(int capacity) : capacity(capacity) {}

  struct In {
    Broken& q;
    explicit In(Broken& q) : q(q) {}
    bool push(const T& v) {
      std::lock_guard<std::mutex> hold(q.mu);
      if (int(q.items.size()) >= q.capacity) return false;
      bool now = ++q.pushed == 1000;
      if (!now || Twice) q.items.push(v);
      if (now && Twice) q.items.push(v);
      return true;
    }
  };
  struct Out {
    Broken& q;
    explicit Out(Broken& q) : q(q) {}
    bool pop(T& v) {
      std::lock_guard<std::mutex> hold(q.mu);
      if (q.items.empty()) return false;
      v = q.items.front();
      q.items.pop();
      return true;
    }
  };
};

template <class T>
using Loses = Broken<T, false>;
template <class T>
using Doubles = Broken<T, true>;

int main(int argc, char** argv) { return program({queue<Loses>("loses"), queue<Doubles>("doubles")}, argc, argv); }
