//go:build amd64 && !race

package release

import "sync/atomic"

// Store sets *p to v; what the goroutine did before is visible to whoever
// loads v from p. It costs about 1 ns and does not wait for the cache line.
//
//go:noescape
func Store(p *atomic.Uint64, v uint64)

// StoreInt is Store for a signed value.
//
//go:noescape
func StoreInt(p *atomic.Int64, v int64)

// Fence orders every store before it, those of this package too, before every load after it: the StoreLoad order that Store lacks.
// It costs about 5 ns and waits for no cache line but those the goroutine has written.
func Fence()
