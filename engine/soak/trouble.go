//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/internal/manual"
)

// trouble is what is done to an engine beside work. All of it is counted.
type trouble struct {
	l       *load
	keeper  wisher
	all     affinity.Set // CPUs of the process
	workers int
	confine bool
	report  *report
}

// start makes trouble until the load ends.
func (t *trouble) start() {
	t.l.spawn(t.changePlan, func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(int(4 * time.Millisecond))) })
	t.l.spawn(t.disturb, func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(int(60 * time.Millisecond))) })
}

// changePlan gives each stage some of the workers. What is refused because the last plan is not in force yet is not tried again.
func (t *trouble) changePlan(r *rand.Rand) (closed bool) {
	plan := map[string][]int{}
	for _, name := range t.l.g.stages {
		plan[name] = r.Perm(t.workers)[:1+r.IntN(t.workers)]
	}
	switch err := manual.Assign(t.l.g.e, plan); {
	case err == nil:
		t.report.plans++
	case isClosed(err):
		return true
	}
	return false
}

// disturb does one thing that the whole process notices.
func (t *trouble) disturb(r *rand.Rand) (closed bool) {
	switch n := r.IntN(100); {
	case n < 50:
		t.storm(r)
	case n < 70:
		t.squeeze(r)
	case n < 85:
		if err := t.keeper.stop(time.Duration(1+r.IntN(80)) * time.Millisecond); err != nil {
			t.l.g.wrong.say("being stopped: %v", err)
		}
		t.report.stops++
	default:
		t.look(r)
	}
	_, err := t.l.g.front.Sample(context.Background(), 0)
	return isClosed(err)
}

// storm allocates and collects in a row.
func (t *trouble) storm(r *rand.Rand) {
	for range 1 + r.IntN(5) {
		var hoard [][]byte
		for range r.IntN(64) {
			hoard = append(hoard, make([]byte, 1<<(6+r.IntN(12))))
		}
		runtime.GC()
		runtime.KeepAlive(hoard)
		t.report.collections++
	}
}

// look is an operator who wants to know.
func (t *trouble) look(r *rand.Rand) {
	if err := t.l.g.e.Stats().WriteDOT(io.Discard); err != nil {
		t.l.g.wrong.say("drawing: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), soon(r))
	defer cancel()
	if _, err := t.l.g.spread.Sample(ctx, 10); err != nil && !isClosed(err) {
		t.l.g.wrong.say("sampling: %v", err)
	}
}

// squeeze leaves the process one CPU for a while, by its cpuset or by the masks of all its threads.
func (t *trouble) squeeze(r *rand.Rand) {
	set, bySet := t.byMask, r.IntN(2) == 0
	if bySet {
		set = t.bySet
	}
	if t.all.Len() < 2 || t.confine && !bySet { // an engine that confines changes masks itself: there is no telling whose they are then
		return
	}
	if !set(affinity.Of(t.all.CPUs()[r.IntN(t.all.Len())])) {
		return
	}
	time.Sleep(time.Duration(1+r.IntN([]int{20, 200, 1500}[r.IntN(3)])) * time.Millisecond)
	if !set(t.all) {
		t.l.g.wrong.say("the CPUs %v do not come back", t.all)
	}
	t.report.squeezes++
	if bySet {
		t.report.cpusets++
	}
}

func (t *trouble) bySet(cpus affinity.Set) bool {
	ok, err := t.keeper.cpus(cpus)
	if err != nil {
		t.l.g.wrong.say("changing the cpuset: %v", err)
	}
	return ok
}

// byMask changes the mask of every thread, of those too that start meanwhile. Threads may end meanwhile.
func (t *trouble) byMask(cpus affinity.Set) bool {
	var last []int
	for now := tasks(); !slices.Equal(now, last); last, now = now, tasks() {
		for _, tid := range now {
			_ = affinity.PinThread(tid, cpus)
		}
	}
	return true
}

func isClosed(err error) bool { return errors.Is(err, engine.ErrClosed) }
