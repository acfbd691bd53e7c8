//go:build amd64 && !race

package release

import (
	"sync/atomic"
	"unsafe"
)

// Relaxed sets *p to v and publishes nothing: it is for a word that readers
// believe only after they have seen what a later Store wrote. The compiler may
// delay it until the next call, no further. It is inlined to one instruction.
func Relaxed(p *atomic.Uint64, v uint64) { *(*uint64)(unsafe.Pointer(p)) = v }
