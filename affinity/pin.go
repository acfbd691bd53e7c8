package affinity

import (
	"errors"
	"fmt"
)

// ErrNotSupported is returned by the calls that need the Linux kernel when they
// are made on another system.
var ErrNotSupported = errors.New("affinity: not supported on this system")

// Pin binds the calling OS thread to one CPU and verifies it, by reading the
// affinity back and by asking where the thread runs. The calling goroutine must
// be locked to its thread (runtime.LockOSThread) before, and should end
// without unlocking, which destroys the thread: a pinned thread must not go
// back to the runtime, and threads that it starts inherit its mask. The main
// thread cannot be destroyed, so do not pin that one; a goroutine is not on it
// if the main goroutine is locked to it.
//
// Pin fails, and leaves the affinity as it was, when the CPU does not exist, is
// offline or is outside the process's cpuset. It takes some 35 us
// when the thread has to move and 1.5 us otherwise.
func Pin(cpu int) error {
	if cpu < 0 || cpu >= maxCPUs {
		return fmt.Errorf("pin to CPU %d: no such CPU", cpu)
	}
	if err := pinSelf(Of(cpu)); err != nil {
		return fmt.Errorf("pin to CPU %d: %w", cpu, err)
	}
	return nil
}

// PinSet binds the calling OS thread to the CPUs of s, with the rules and the
// verification of Pin. Every CPU of s must be usable: where the kernel would
// silently drop some, PinSet fails, and the thread stays bound to the rest.
func PinSet(s Set) error {
	if s.Empty() {
		return errors.New("pin to CPUs: the set is empty")
	}
	if err := pinSelf(s); err != nil {
		return fmt.Errorf("pin to CPUs %s: %w", s, err)
	}
	return nil
}

// PinThread binds another thread of this process, by its id, to the CPUs of s, and
// verifies the mask by reading it back; the thread itself may still be on its way.
// Otherwise the rules are those of PinSet. The caller must know that the thread
// is not ending: the kernel may give its id to a thread of another process. It
// takes some 50 us when a running thread has to move, milliseconds when that
// thread waits for a busy CPU, and 2 us otherwise.
func PinThread(tid int, s Set) error {
	switch {
	case tid <= 0:
		return fmt.Errorf("pin thread %d: no such thread", tid)
	case s.Empty():
		return fmt.Errorf("pin thread %d: the set is empty", tid)
	}
	if err := pinThread(tid, s); err != nil {
		return fmt.Errorf("pin thread %d to CPUs %s: %w", tid, s, err)
	}
	return nil
}

// Allowed returns the CPUs that the calling OS thread may run on: what
// taskset or the cpuset left of the online CPUs. For the process's own mask
// call it before any thread is pinned. About 1 us.
func Allowed() (Set, error) {
	s, err := allowed(0)
	if err != nil {
		return Set{}, fmt.Errorf("read allowed CPUs: %w", err)
	}
	return s, nil
}

// AllowedOf is Allowed for another thread, by its id. Offline CPUs are left out,
// so that the set is empty for a thread that sleeps and whose CPUs have all gone.
func AllowedOf(tid int) (Set, error) {
	if tid <= 0 {
		return Set{}, fmt.Errorf("read allowed CPUs of thread %d: no such thread", tid)
	}
	s, err := allowed(tid)
	if err != nil {
		return Set{}, fmt.Errorf("read allowed CPUs of thread %d: %w", tid, err)
	}
	return s, nil
}

// Current returns the CPU that the calling OS thread runs on at this instant.
// It is a hint unless the thread is pinned. About 0.1 us.
func Current() (int, error) {
	cpu, err := current()
	if err != nil {
		return -1, fmt.Errorf("read current CPU: %w", err)
	}
	return cpu, nil
}
