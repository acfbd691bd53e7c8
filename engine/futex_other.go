//go:build !linux

package engine

import (
	"sync/atomic"
	"time"
)

// Workers are pinned, and sleep on futexes, on Linux only.
const canPin = false

func futexWait(*atomic.Uint32, uint32, time.Duration) {
	panic("engine: pinned worker on a system without futex")
}

func futexWake(*atomic.Uint32) { panic("engine: pinned worker on a system without futex") }
