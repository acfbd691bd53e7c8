package arch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// sleeper lets one thread sleep until another wakes it, by an eventfd as an
// event loop would: the Go scheduler would first have to find a processor for
// the goroutine, which costs a second wake-up.
type sleeper struct {
	fd int
	// asleep is the announcement: the sleeper sets it before its last look, whoever clears it must wake it.
	asleep atomic.Bool
}

func newSleeper() (*sleeper, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	return &sleeper{fd: fd}, nil
}

// park sleeps, for so many nanoseconds at most, unless ready reports that there is something to do. The
// announcement is a sequentially consistent store and comes before the look;
// whoever makes ready true does so before looking at the announcement. So one
// of the two sees the other.
func (s *sleeper) park(ready func() bool, most int64) {
	s.asleep.Store(true)
	if ready() && s.asleep.CompareAndSwap(true, false) {
		return
	}
	if most < never && !s.woken(time.Duration(most)) && s.asleep.CompareAndSwap(true, false) {
		return // else somebody wakes it just now
	}
	var count [8]byte
	for {
		if _, err := unix.Read(s.fd, count[:]); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// woken waits until the sleep has been ended, and reports whether it was within that time.
func (s *sleeper) woken(most time.Duration) bool {
	limit := unix.NsecToTimespec(max(int64(most), 0))
	n, err := unix.Ppoll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, &limit, nil)
	return err == nil && n > 0
}

// wake ends the sleep, if there is one.
func (s *sleeper) wake() {
	if !s.asleep.Load() || !s.asleep.CompareAndSwap(true, false) {
		return
	}
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	for {
		if _, err := unix.Write(s.fd, one[:]); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func (s *sleeper) close() error { return unix.Close(s.fd) }
