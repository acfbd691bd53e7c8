//go:build amd64 && !race

package release

import (
	"sync/atomic"
	"unsafe"
)

// Store sets *p to v; what the goroutine did before is visible to whoever
// loads v from p. It is inlined to one instruction and does not wait for the
// cache line.
func Store(p *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(p)) = v }

// StoreInt is Store for a signed value.
func StoreInt(p *atomic.Int64, v int64) { *(*int64)(unsafe.Pointer(p)) = v }

// Relaxed sets *p to v and publishes nothing: it is for a word that readers
// believe only after they have seen what a later Store wrote.
func Relaxed(p *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(p)) = v }

// Relaxed32 is Relaxed for a word of 32 bits.
func Relaxed32(p *atomic.Uint32, v uint32) { *(*uint32)(unsafe.Pointer(p)) = v }
