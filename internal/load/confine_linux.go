package load

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/affinity"
)

// confine sets the affinity of every thread.
func confine(s affinity.Set) error {
	mask := unix.NewCPUSet(max(s.Max()+1, 1024))
	for _, cpu := range s.CPUs() {
		mask.Set(cpu)
	}
	err := eachThread(func(tid int) error {
		if err := unix.SchedSetaffinityDynamic(tid, mask); err != nil && !errors.Is(err, unix.ESRCH) { // ESRCH: it has ended
			return fmt.Errorf("thread %d: %w", tid, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("confine threads to CPUs %s: %w", s, err)
	}
	return nil
}

func exactTimers() (restore func()) {
	before, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return func() {}
	}
	setSlack(1)
	return func() { setSlack(before) } // not 0, which asks for the default: that of a thread is what its creator had
}

func setSlack(ns int) {
	_ = eachThread(func(tid int) error {
		// Needs a privilege for threads other than one's own; without it timers stay as they are.
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/timerslack_ns", tid), []byte(strconv.Itoa(ns)), 0)
		return nil
	})
}

// firstRest is for how long others have the CPU before. The kernel owes them 50 ms of each second, and pays when they had to wait for all the rest of it:
// the fair server of Linux 6.8, and real-time throttling before that.
const firstRest = 60 * time.Millisecond

// first puts the calling thread, which must be locked, before all ordinary ones of its CPU, until leave is called; where it may.
func first() (leave func() error) {
	before, err := unix.SchedGetAttr(0, 0)
	if err == nil {
		time.Sleep(firstRest)
		err = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_FIFO, Priority: 1}, 0)
	}
	if err != nil { // it takes a privilege, and does without
		return func() error { return nil }
	}
	return func() error {
		if err := unix.SchedSetAttr(0, before, 0); err != nil {
			return fmt.Errorf("give back a CPU: %w", err)
		}
		return nil
	}
}

// eachThread calls f with every thread of the process. One that a thread starts before its turn is like that one was, so it looks
// again until there is no new thread.
func eachThread(f func(tid int) error) error {
	seen := map[string]bool{}
	for fresh := true; fresh; {
		fresh = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, thread := range threads {
			if seen[thread.Name()] {
				continue
			}
			seen[thread.Name()], fresh = true, true
			tid, err := strconv.Atoi(thread.Name())
			if err == nil {
				err = f(tid)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
