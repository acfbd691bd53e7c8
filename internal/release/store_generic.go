//go:build !amd64 || race

package release

import "sync/atomic"

// Store sets *p to v; what the goroutine did before is visible to whoever
// loads v from p.
func Store(p *atomic.Uint64, v uint64) { p.Store(v) }

// StoreInt is Store for a signed value.
func StoreInt(p *atomic.Int64, v int64) { p.Store(v) }

// Fence orders the stores of this package and of sync/atomic before it before the loads of sync/atomic after it. Where Store is that of sync/atomic
// there is nothing to do: those operations behave as if in one total order.
func Fence() {}

// Relaxed sets *p to v and publishes nothing: it is for a word that readers
// believe only after they have seen what a later Store wrote.
func Relaxed(p *atomic.Uint64, v uint64) { p.Store(v) }

// Relaxed32 is Relaxed for a word of 32 bits.
func Relaxed32(p *atomic.Uint32, v uint32) { p.Store(v) }
