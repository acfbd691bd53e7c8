package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/engine"
)

const (
	othersMost    = 0.12 // part of the time that a worker may lose to threads that are not in the experiment,
	neighbourMost = 0.70 // and to the neighbour, which is to have half
)

// neighbour is a thread that never sleeps, on the CPU of a worker.
type neighbour struct {
	stop atomic.Bool
	tid  int
	gone <-chan error
}

func newNeighbour(cpu int) (*neighbour, error) {
	n, tid := &neighbour{}, make(chan int, 1)
	n.gone = onCPU(cpu, func() error {
		tid <- threadID()
		for !n.stop.Load() {
		}
		return nil
	})
	select {
	case n.tid = <-tid:
		return n, nil
	case err := <-n.gone:
		return nil, err
	}
}

func (n *neighbour) end() {
	n.stop.Store(true)
	<-n.gone
}

// contention is where workers and a neighbour contend, and what became of their threads until it was asked last.
type contention struct {
	workers []engine.WorkerStats
	tid     int // of the neighbour; 0: there is none
	cpu     int // that it shares
	at      time.Time
	times   map[int]taskTimes
}

// taskTimes is what became of a thread: on a CPU, and waiting for one.
type taskTimes struct{ on, delay time.Duration }

func readTask(tid int) (t taskTimes, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/schedstat", tid))
	if err != nil {
		return t, unavailable(err.Error())
	}
	_, err = fmt.Sscan(string(text), &t.on, &t.delay)
	return t, err
}

// look reads what became of the threads.
func (c *contention) look() (since time.Duration, was map[int]taskTimes, err error) {
	since, was = time.Since(c.at), c.times
	c.at, c.times = time.Now(), map[int]taskTimes{}
	tids := []int{}
	if c.tid != 0 {
		tids = append(tids, c.tid)
	}
	for _, w := range c.workers {
		tids = append(tids, w.TID)
	}
	for _, tid := range tids {
		if c.times[tid], err = readTask(tid); err != nil {
			return 0, nil, err
		}
	}
	return since, was, nil
}

// fair reports whether since the last look the threads had what the experiment says: a worker beside the neighbour about half of its CPU, the
// neighbour the rest, and the others all of theirs. What else runs on the machine spoils it.
func (c *contention) fair() (bool, error) {
	took, was, err := c.look()
	if err != nil {
		return false, err
	}
	gained := func(tid int) taskTimes {
		return taskTimes{c.times[tid].on - was[tid].on, c.times[tid].delay - was[tid].delay}
	}
	for _, w := range c.workers {
		t := gained(w.TID)
		lost, wanted := t.delay.Seconds(), (t.on + t.delay).Seconds()
		if c.tid == 0 || w.CPU != c.cpu {
			if lost > othersMost*took.Seconds() {
				return false, nil
			}
			continue
		}
		used := (t.on + gained(c.tid).on).Seconds()
		if lost > neighbourMost*wanted || used < (1-othersMost)*took.Seconds() {
			return false, nil
		}
	}
	return true, nil
}
