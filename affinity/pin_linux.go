package affinity

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// firstMaskCPUs is the length of the first mask that is tried.
const firstMaskCPUs = 1024

func allowed() (Set, error) {
	return askMask(func(mask unix.CPUSetDynamic) error { return unix.SchedGetaffinityDynamic(0, mask) })
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

func pinSet(want Set) error {
	mask := unix.NewCPUSet(max(want.Max()+1, firstMaskCPUs))
	for _, cpu := range want.CPUs() {
		mask.Set(cpu)
	}
	err := unix.SchedSetaffinityDynamic(0, mask)
	if errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("offline, absent or outside the cpuset: %w", err)
	}
	if err != nil {
		return err
	}
	bound, err := allowed()
	if err != nil {
		return err
	}
	cpu, err := current()
	if err != nil {
		return err
	}
	return verify(want, bound, cpu)
}

// verify checks what a thread that was to be bound to want is bound to and
// where it runs. The kernel cuts a mask with the cpuset and reports success, so
// success alone proves nothing.
func verify(want, bound Set, cpu int) error {
	if bound != want {
		return fmt.Errorf("the kernel bound the thread to %s: %s not usable", bound, want.AndNot(bound))
	}
	if !want.Has(cpu) {
		return fmt.Errorf("the thread still runs on CPU %d", cpu)
	}
	return nil
}
