//go:build linux

package engine

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	futexWaitPrivate = 0 | 128
	futexWakePrivate = 1 | 128
)

const canPin = true

// futexWait sleeps while *word is v, at most for the given time; noLimit is for ever. It may return early: callers look again. It must be
// Syscall and not RawSyscall: a thread that sleeps in a raw call keeps its P, for which the collector would then wait for ever.
func futexWait(word *atomic.Uint32, v uint32, most time.Duration) {
	var limit *unix.Timespec // relative, on the monotonic clock
	if most != noLimit {
		ts := unix.NsecToTimespec(int64(most))
		limit = &ts
	}
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitPrivate, uintptr(v), uintptr(unsafe.Pointer(limit)), 0, 0)
}

// futexWake wakes the sleeper on word, if there is one. It does not block, so the cheaper raw call serves.
func futexWake(word *atomic.Uint32) {
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakePrivate, 1, 0, 0, 0)
}
