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
	if err := pinSet(Of(cpu)); err != nil {
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
	if err := pinSet(s); err != nil {
		return fmt.Errorf("pin to CPUs %s: %w", s, err)
	}
	return nil
}

// Allowed returns the CPUs that the calling OS thread may run on: what
// taskset or the cpuset left of the online CPUs. For the process's own mask
// call it before any thread is pinned. About 1 us.
func Allowed() (Set, error) {
	s, err := allowed()
	if err != nil {
		return Set{}, fmt.Errorf("read allowed CPUs: %w", err)
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
