package affinity

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// firstMaskCPUs is the mask length tried first; see allowed.
const firstMaskCPUs = 1024

// allowed asks with a mask of 1024 bits and then longer ones: the kernel
// answers EINVAL while the mask is shorter than its number of possible CPUs.
func allowed() (Set, error) {
	for n := firstMaskCPUs; ; n *= 2 {
		mask := unix.NewCPUSet(n)
		err := unix.SchedGetaffinityDynamic(0, mask)
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
	return verify(want)
}

// verify checks that the calling thread is bound to want and runs inside it.
// The kernel cuts a mask with the cpuset and reports success, so success alone
// proves nothing.
func verify(want Set) error {
	got, err := allowed()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the kernel bound the thread to %s: %s not usable", got, want.AndNot(got))
	}
	cpu, err := current()
	if err != nil {
		return err
	}
	if !want.Has(cpu) {
		return fmt.Errorf("the thread still runs on CPU %d", cpu)
	}
	return nil
}
