package affinity

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// firstMaskCPUs is the length of the first mask that is tried.
const firstMaskCPUs = 1024

// allowed asks for the mask of a thread, 0 being the calling one.
func allowed(tid int) (Set, error) {
	return askMask(func(mask unix.CPUSetDynamic) error { return unix.SchedGetaffinityDynamic(tid, mask) })
}

// askMask asks with a mask of 1024 bits and then with longer ones: the kernel
// answers EINVAL while the mask is shorter than its number of possible CPUs.
func askMask(ask func(unix.CPUSetDynamic) error) (Set, error) {
	for n := firstMaskCPUs; ; n *= 2 {
		mask := unix.NewCPUSet(n)
		err := ask(mask)
		if errors.Is(err, unix.EINVAL) && n < maxCPUs {
			continue
		}
		if err != nil {
			return Set{}, err
		}
		var b builder
		for cpu := range n {
			if mask.IsSet(cpu) {
				b.add(cpu)
			}
		}
		return b.set(), nil
	}
}

// pinSelf binds the calling thread, which has moved when the call returns.
func pinSelf(want Set) error {
	if err := pinThread(0, want); err != nil {
		return err
	}
	cpu, err := current()
	if err != nil {
		return err
	}
	return arrived(want, cpu)
}

// arrived checks where a thread that was bound to want runs.
func arrived(want Set, cpu int) error {
	if !want.Has(cpu) {
		return fmt.Errorf("the thread still runs on CPU %d", cpu)
	}
	return nil
}

// pinThread binds a thread, 0 being the calling one, and reads its mask back: the kernel cuts a mask with the cpuset and reports success,
// so success alone proves nothing.
func pinThread(tid int, want Set) error {
	mask := unix.NewCPUSet(max(want.Max()+1, firstMaskCPUs))
	for _, cpu := range want.CPUs() {
		mask.Set(cpu)
	}
	err := unix.SchedSetaffinityDynamic(tid, mask)
	if errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("offline, absent or outside the cpuset: %w", err)
	}
	if err != nil {
		return err
	}
	bound, err := allowed(tid)
	if err != nil {
		return err
	}
	return verify(want, bound)
}

// verify compares what a thread was to be bound to with what it is bound to.
func verify(want, bound Set) error {
	if bound != want {
		return fmt.Errorf("the kernel bound the thread to %s: %s not usable", bound, want.AndNot(bound))
	}
	return nil
}
