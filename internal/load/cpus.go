package load

import (
	"errors"
	"runtime"

	"github.com/seda-go/seda/affinity"
)

// CPUs says which CPUs a run uses.
type CPUs struct {
	Workers   affinity.Set // where the workers run; empty: anywhere
	Generator int          // where the generator runs; negative: nowhere, or, without Workers, anywhere
}

// Choose gives a number of workers and the generator CPUs among the allowed
// ones: the lowest to the generator, which is where most machines deliver
// interrupts, and the workers as far apart as the caches allow, siblings of the
// generator's core last. When the workers need all CPUs, Generator is
// negative. Without a topology the order is that of the ids.
func Choose(allowed affinity.Set, t *affinity.Topology, workers int) CPUs {
	if workers >= allowed.Len() {
		return CPUs{Workers: allowed, Generator: -1}
	}
	generator := allowed.Min()
	order := allowed.Without(generator).CPUs()
	if t != nil {
		beside := t.Siblings(generator).Without(generator).And(allowed)
		order = t.Place(allowed.Without(generator).AndNot(beside), affinity.Spread)
		order = append(order, beside.CPUs()...)
	}
	return CPUs{Workers: affinity.Of(order[:workers]...), Generator: generator}
}

// Confine keeps all threads of the process on the CPUs of s until the returned
// function is called, which puts them on those they were allowed before.
// Threads that pin themselves in between are not disturbed unless they are
// still there at the end. It does nothing where the system does not support it,
// and for an empty set.
func Confine(s affinity.Set) (release func() error, err error) {
	nothing := func() error { return nil }
	if s.Empty() {
		return nothing, nil
	}
	before, err := affinity.Allowed()
	if errors.Is(err, affinity.ErrNotSupported) {
		return nothing, nil
	}
	if err != nil {
		return nil, err
	}
	if err := confine(s); err != nil {
		return nil, errors.Join(err, confine(before))
	}
	return func() error { return confine(before) }, nil
}

// ExactTimers asks for timers as exact as the kernel has them, for all threads of
// the process and from now on, where it may: the Go scheduler sleeps 3 us before it
// takes over certain goroutines of a busy processor, which with the usual slack are
// more than 50. That is sooner beside a thread that spins, but where goroutines
// keep all CPUs busy they are moved too often for it: pipelines of channels and of
// actors take up to a third longer. So it is not for comparing throughput.
// The returned function gives them back the slack that the calling thread had.
func ExactTimers() (restore func()) { return exactTimers() }

// Occupy locks the calling goroutine to its thread, and the thread to a CPU,
// unless that is negative or the system cannot do it. The returned function
// undoes both: a thread must not go back to the runtime pinned. After an error
// of either the goroutine should end, and its thread ends with it.
func Occupy(cpu int) (leave func() error, err error) {
	runtime.LockOSThread()
	before, err := affinity.Allowed()
	if cpu < 0 || errors.Is(err, affinity.ErrNotSupported) {
		return func() error { runtime.UnlockOSThread(); return nil }, nil
	}
	if err == nil {
		err = affinity.Pin(cpu)
	}
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := affinity.PinSet(before); err != nil {
			return err
		}
		runtime.UnlockOSThread()
		return nil
	}, nil
}
