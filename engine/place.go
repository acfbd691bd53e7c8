package engine

import (
	"slices"
	"time"

	"github.com/seda-go/seda/affinity"
)

// placeEvery is how often the watch looks whether pinned workers are where they belong: one system call each.
const placeEvery = time.Second

// threads are the calls of the kernel, and of the runtime, that the watch makes; tests put others in their place.
type threads struct {
	allowed func(tid int) (affinity.Set, error)
	pin     func(tid int, cpus affinity.Set) error
	status  func(tid int) (threadStatus, bool)
	onCPU   func(tid int) (time.Duration, bool)
	cycles  func() uint64 // of the collector
}

// places puts workers back that the kernel has moved because their CPU went offline or left the cpuset, or that somebody has bound
// elsewhere. A worker whose CPU is gone gets another one that no worker has, or runs anywhere, until its CPU is there again. No
// event is concerned: what moves is a thread.
func (v *watch) places(now Time) {
	if now.Sub(v.placed) < v.placeEvery {
		return
	}
	v.placed = now
	for _, w := range v.e.workers {
		if w.cpu >= 0 {
			v.place(w)
		}
	}
	if v.e.confined {
		v.e.confine()
	}
}

// place looks after one worker.
func (v *watch) place(w *worker) {
	process.Lock()
	if w.tid.Load() == 0 { // it is between two threads, or has ended
		process.Unlock()
		return
	}
	was := w.place()
	is, moved := v.settle(w, was)
	if is != was {
		w.at.Store(int32(is))
		v.e.hold(v.e.places().Or(v.e.own))
	}
	process.Unlock()
	log := v.e.log.With("worker", w.id, "cpu", w.cpu)
	switch {
	case is == was && !moved:
	case is == was:
		log.Warn("worker was bound to other CPUs by somebody, and is pinned again", "on", is)
	case is == w.cpu:
		log.Info("worker is pinned to its CPU again")
	case is >= 0:
		log.Warn("worker's CPU is offline or outside the cpuset: moved to another one", "to", is)
	default:
		log.Warn("worker's CPU is offline or outside the cpuset, and none is free: runs unpinned")
	}
}

// settle binds w's thread to the CPU where it belongs, or else where it was, or else to a free one. It returns the CPU the thread is
// bound to now, -1 for any, and whether anything had to be done. The caller holds process.
func (v *watch) settle(w *worker, was int) (is int, moved bool) {
	tid := int(w.tid.Load())
	bound, _ := v.kernel.allowed(tid) // empty if it cannot be read
	if was == w.cpu && bound == affinity.Of(was) {
		return was, false
	}
	if v.kernel.pin(tid, affinity.Of(w.cpu)) == nil {
		return w.cpu, true
	}
	if was >= 0 && was != w.cpu {
		if bound == affinity.Of(was) {
			return was, false
		}
		if v.kernel.pin(tid, affinity.Of(was)) == nil {
			return was, true
		}
	}
	for _, cpu := range v.spares(bound) {
		if v.kernel.pin(tid, affinity.Of(cpu)) == nil {
			return cpu, true
		}
	}
	return -1, was >= 0
}

// spares lists CPUs that no worker of the process has or is to have, best first. Which of them the thread may have only the kernel
// knows. The caller holds process.
func (v *watch) spares(bound affinity.Set) []int {
	taken := v.e.heldByOthers().Or(v.e.places())
	for _, w := range v.e.workers {
		taken = taken.With(w.cpu)
	}
	list := slices.Clone(v.e.fill)
	for _, cpu := range bound.CPUs() {
		if !slices.Contains(list, cpu) {
			list = append(list, cpu)
		}
	}
	return slices.DeleteFunc(list, taken.Has)
}

// places returns the CPUs that workers are pinned to.
func (e *Engine) places() (all affinity.Set) {
	for _, w := range e.workers {
		if cpu := w.place(); cpu >= 0 {
			all = all.With(cpu)
		}
	}
	return all
}
