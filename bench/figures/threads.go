package main

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/load"
)

// twoCPUs returns two CPUs that this process may use: of different cores that share a cache, where there are such.
func twoCPUs() (near, far int, err error) {
	allowed, err := affinity.Allowed()
	if err != nil {
		return 0, 0, unavailable(err.Error())
	}
	if allowed.Len() < 2 {
		return 0, 0, unavailable("needs two CPUs")
	}
	order := allowed.CPUs()
	if topo, _, err := affinity.System(); err == nil {
		order = topo.Place(allowed, affinity.Compact|affinity.SiblingsLast|affinity.FastFirst)
	}
	return min(order[0], order[1]), max(order[0], order[1]), nil
}

// onTwoCPUs keeps the whole process on two CPUs, with as many processors unless an engine wants more: so the source of a pipeline, and
// goroutines that serve as stages, have nothing that the workers of the engine do not have.
func onTwoCPUs(sample func(context.Context) (float64, error)) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		near, far, err := twoCPUs()
		if err != nil {
			return 0, err
		}
		release, err := load.Confine(affinity.Of(near, far))
		if err != nil {
			return 0, err
		}
		runtime.GOMAXPROCS(2)
		ns, err := sample(ctx)
		return ns, errors.Join(err, release())
	}
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
