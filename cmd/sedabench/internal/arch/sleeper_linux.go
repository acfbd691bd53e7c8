package arch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

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

// park sleeps unless ready reports that there is something to do. The
// announcement is a sequentially consistent store and comes before the look;
// whoever makes ready true does so before looking at the announcement. So one
// of the two sees the other.
func (s *sleeper) park(ready func() bool) {
	s.asleep.Store(true)
	if ready() && s.asleep.CompareAndSwap(true, false) {
		return
	}
	var count [8]byte
	for {
		if _, err := unix.Read(s.fd, count[:]); !errors.Is(err, unix.EINTR) {
			return
		}
	}
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
