package load

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/affinity"
)

// confine sets the affinity of every thread. A thread that one not yet
// confined starts meanwhile inherits the old mask, so it looks again until
// there is no new thread.
func confine(s affinity.Set) error {
	mask := unix.NewCPUSet(max(s.Max()+1, 1024))
	for _, cpu := range s.CPUs() {
		mask.Set(cpu)
	}
	seen := map[string]bool{}
	for fresh := true; fresh; {
		fresh = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("confine threads to CPUs %s: %w", s, err)
		}
		for _, thread := range threads {
			if seen[thread.Name()] {
				continue
			}
			seen[thread.Name()], fresh = true, true
			tid, err := strconv.Atoi(thread.Name())
			if err != nil {
				return fmt.Errorf("confine threads to CPUs %s: thread %q: %w", s, thread.Name(), err)
			}
			err = unix.SchedSetaffinityDynamic(tid, mask)
			if err != nil && !errors.Is(err, unix.ESRCH) { // ESRCH: it has ended
				return fmt.Errorf("confine thread %d to CPUs %s: %w", tid, s, err)
			}
			// Needs a privilege for threads other than one's own; without it timers stay as they are.
			_ = os.WriteFile("/proc/"+thread.Name()+"/timerslack_ns", []byte("1"), 0)
		}
	}
	return nil
}
