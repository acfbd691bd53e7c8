package main

import (
	"runtime"
	"time"

	"github.com/seda-go/seda/affinity"
)

// twoCPUs returns two CPUs that this process may use, best on different cores.
func twoCPUs() (near, far int, err error) {
	allowed, err := affinity.Allowed()
	if err != nil {
		return 0, 0, unavailable(err.Error())
	}
	cpus := allowed.CPUs()
	if len(cpus) < 2 {
		return 0, 0, unavailable("needs two CPUs")
	}
	return cpus[0], cpus[1], nil
}

// onCPU runs f on a thread of its own, pinned to cpu, which ends with f. The
// channel gets the error of pinning or of f.
func onCPU(cpu int, f func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the pinned thread ends here
		if err := affinity.Pin(cpu); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return done
}

// leaveRoom raises GOMAXPROCS to more than the threads that spin: with no more
// than that, timers and the collector wait for them.
func leaveRoom(spinning int) { runtime.GOMAXPROCS(spinning + 2) }

// nsPer is the time since began divided by n, in nanoseconds.
func nsPer(began time.Time, n int) float64 {
	return float64(time.Since(began).Nanoseconds()) / float64(n)
}
