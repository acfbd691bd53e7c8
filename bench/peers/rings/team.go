package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seda-go/seda/affinity"
)

// loops are the loops of one queue, of both sides and both kinds of cells.
type loops struct {
	produce func(r run, batch, tries int)
	consume func(t *tally, done *atomic.Bool, batch, tries int)
	finish  func() // is called after the last item was pushed; may be nil
	once    bool   // after finish the queue takes nothing more
}

// Tries is how often a call may fail in a row before the thread yields its CPU. With a CPU for each thread that is
// for the case that others use it; with two threads to a CPU it is what lets the other one go on.
const (
	triesAlone  = 1000
	triesShared = 32
)

func triesOf(c cell) int {
	if c.producers+c.consumers > 2 {
		return triesShared
	}
	return triesAlone
}

// again follows a failed try: it yields after so many in a row, and returns the number of those since.
func again(tried, tries int) int {
	if tried++; tried < tries {
		return tried
	}
	yield()
	return 0
}

// yield gives the CPU to another thread. Not runtime.Gosched: the goroutine is locked to its thread.
//
//go:noinline
func yield() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }

// a team is threads that begin together, each pinned to one of two CPUs in turn.
type team struct {
	size    int
	cpus    [2]int
	arrived atomic.Int64
	wait    sync.WaitGroup
	mu      sync.Mutex
	began   time.Time
	ended   time.Time
	err     error
}

// add starts a thread that runs f when all of the team have started.
func (t *team) add(member int, f func()) {
	t.wait.Go(func() {
		runtime.LockOSThread() // never unlocked: the pinned thread ends here
		err := affinity.Pin(t.cpus[member%2])
		t.arrived.Add(1)
		for t.arrived.Load() < int64(t.size) {
			yield()
		}
		began := time.Now()
		f()
		ended := time.Now()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.err = errors.Join(t.err, err)
		if t.began.IsZero() || began.Before(t.began) {
			t.began = began
		}
		if ended.After(t.ended) {
			t.ended = ended
		}
	})
}

// lasted waits for the end, and returns the time from the first begin to the last end.
func (t *team) lasted() (time.Duration, error) {
	t.wait.Wait()
	return t.ended.Sub(t.began), t.err
}

// transfer moves so many items of each producer, numbered from base, and returns how long that took.
func transfer(c cell, l loops, cpus [2]int, base, each uint64) (time.Duration, error) {
	var done atomic.Bool
	var left atomic.Int64
	left.Store(int64(c.producers))
	crew := &team{size: c.producers + c.consumers, cpus: cpus}
	sent := make([]run, c.producers)
	for p := range sent {
		first := uint64(p)<<producerShift + base
		sent[p] = run{first, first + each}
		crew.add(p, func() {
			l.produce(sent[p], c.batch, triesOf(c))
			if left.Add(-1) == 0 {
				if l.finish != nil {
					l.finish()
				}
				done.Store(true)
			}
		})
	}
	tallies := make([]*tally, c.consumers)
	for i := range tallies {
		tallies[i] = &tally{runs: make([]run, 0, 1<<12)}
		crew.add(c.producers+i, func() { l.consume(tallies[i], &done, c.batch, triesOf(c)) })
	}
	took, err := crew.lasted()
	return took, errors.Join(err, audit(sent, tallies))
}

// throughput returns the nanoseconds of an item through the queue that open makes. Runs that grow until one lasts a quarter of the
// time warm up; then comes the one that is timed.
func throughput(c cell, open func(cell) loops, cpus [2]int, lasting time.Duration) (float64, error) {
	runtime.GOMAXPROCS(c.producers + c.consumers + 2) // spinning threads must leave some to the rest of the program
	l := open(c)
	each, base := uint64(max(4096, 2*c.capacity)/c.producers), uint64(0)
	for {
		took, err := transfer(c, l, cpus, base, each)
		if err != nil {
			return 0, fmt.Errorf("warm up: %w", err)
		}
		base += each
		if l.once {
			l = open(c)
		}
		grow := float64(lasting) / float64(took)
		each = uint64(float64(each) * min(grow, 8))
		if grow < 4 {
			break
		}
	}
	took, err := transfer(c, l, cpus, base, each)
	return float64(took.Nanoseconds()) / float64(each*uint64(c.producers)), err
}
