// DPDK's rte_ring in memory of its own, which needs no environment layer. Single items and bursts by the calls for elements, which
// take 8 and 64 bytes; the flag RING_F_EXACT_SZ gives all of the capacity.
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "run.h"

template <class T, unsigned Flags>
class Rte {
 public:
  explicit Rte(int capacity) {
    ssize_t bytes = rte_ring_get_memsize_elem(sizeof(T), capacity * 2);
    ring_ = static_cast<rte_ring*>(aligned_alloc(RTE_CACHE_LINE_SIZE * 2, (size_t(bytes) + 255) / 256 * 256));
    if (!ring_ || rte_ring_init(ring_, "ring", capacity, Flags | RING_F_EXACT_SZ) != 0) fail("rte_ring_init failed");
  }
  ~Rte() { free(ring_); }

  struct In {
    rte_ring* r;
    explicit In(Rte& q) : r(q.ring_) {}
    bool push(const T& v) {
      if constexpr (Flags == (RING_F_SP_ENQ | RING_F_SC_DEQ)) return rte_ring_sp_enqueue_elem(r, const_cast<T*>(&v), sizeof(T)) == 0;
      if constexpr (Flags == 0) return rte_ring_mp_enqueue_elem(r, const_cast<T*>(&v), sizeof(T)) == 0;
      return rte_ring_enqueue_elem(r, const_cast<T*>(&v), sizeof(T)) == 0;
    }
    size_t push(const T* v, size_t n) {
      if constexpr (Flags == (RING_F_SP_ENQ | RING_F_SC_DEQ)) return rte_ring_sp_enqueue_burst_elem(r, v, sizeof(T), n, nullptr);
      if constexpr (Flags == 0) return rte_ring_mp_enqueue_burst_elem(r, v, sizeof(T), n, nullptr);
      return rte_ring_enqueue_burst_elem(r, v, sizeof(T), n, nullptr);
    }
  };

  struct Out {
    rte_ring* r;
    explicit Out(Rte& q) : r(q.ring_) {}
    bool pop(T& v) {
      if constexpr (Flags == (RING_F_SP_ENQ | RING_F_SC_DEQ)) return rte_ring_sc_dequeue_elem(r, &v, sizeof(T)) == 0;
      if constexpr (Flags == 0) return rte_ring_mc_dequeue_elem(r, &v, sizeof(T)) == 0;
      return rte_ring_dequeue_elem(r, &v, sizeof(T)) == 0;
    }
    size_t pop(T* v, size_t n) {
      if constexpr (Flags == (RING_F_SP_ENQ | RING_F_SC_DEQ)) return rte_ring_sc_dequeue_burst_elem(r, v, sizeof(T), n, nullptr);
      if constexpr (Flags == 0) return rte_ring_mc_dequeue_burst_elem(r, v, sizeof(T), n, nullptr);
      return rte_ring_dequeue_burst_elem(r, v, sizeof(T), n, nullptr);
    }
  };

 private:
  rte_ring* ring_;
};

template <class T>
using SPSC = Rte<T, RING_F_SP_ENQ | RING_F_SC_DEQ>;
template <class T>
using MPMC = Rte<T, 0>;
template <class T>
using HTS = Rte<T, RING_F_MP_HTS_ENQ | RING_F_MC_HTS_DEQ>;
template <class T>
using RTS = Rte<T, RING_F_MP_RTS_ENQ | RING_F_MC_RTS_DEQ>;

int main(int argc, char** argv) {
  return program({queue<SPSC>("rte_spsc"), queue<MPMC>("rte_mpmc"), queue<HTS>("rte_hts"), queue<RTS>("rte_rts")}, argc, argv);
}
