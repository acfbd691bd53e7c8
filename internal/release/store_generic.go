//go:build !amd64 || race

package release

import "sync/atomic"

// Store sets *p to v; what the goroutine did before is visible to whoever
// loads v from p.
func Store(p *atomic.Uint64, v uint64) { p.Store(v) }

// StoreInt is Store for a signed value.
func StoreInt(p *atomic.Int64, v int64) { p.Store(v) }

// StorePair is Store(p, v) followed by Store(q, w) for one call: whoever
// loads w from q also sees v in p.
func StorePair(p *atomic.Uint64, v uint64, q *atomic.Uint64, w uint64) {
	p.Store(v)
	q.Store(w)
}

// Fence orders every store before it, those of this package too, before every load after it. Where Store is the store of sync/atomic
// there is nothing to do: those operations behave as if in one total order.
func Fence() {}
