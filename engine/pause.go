package engine

import "sync/atomic"

var idleWord atomic.Uint32

// pause is one turn of waiting in a spin loop. It is mostly ordinary Go, and not inlined: the runtime cannot stop a goroutine inside
// assembly, and a loop of pause instructions alone delays every stop-the-world by milliseconds.
//
//go:noinline
func pause() {
	for range 16 {
		_ = idleWord.Load()
	}
	cpuPause()
}
