package engine

import (
	"runtime"
	"sync"
)

// procs is the process-wide GOMAXPROCS policy. With no more Ps than spinning workers, timers, the collector and every other goroutine
// wait for milliseconds; so while pinned workers run there are at least two Ps more than pinned workers in all engines.
var procs struct {
	sync.Mutex
	base    int // GOMAXPROCS before the first engine changed it
	set     int // what it was set to last
	workers int // pinned workers of the engines that take part
	engines int
}

// spareProcs are the Ps beyond those of the workers.
const spareProcs = 2

// raiseProcs applies Config.Procs. It must run on an unpinned thread.
func (e *Engine) raiseProcs() {
	if e.cfg.Procs < 0 {
		return
	}
	procs.Lock()
	defer procs.Unlock()
	now := runtime.GOMAXPROCS(0)
	if procs.engines == 0 {
		procs.base, procs.set = now, now
	}
	procs.engines++
	procs.workers += len(e.workers)
	e.procs = true
	want := e.cfg.Procs
	if want == 0 {
		want = max(now, procs.workers+spareProcs)
	}
	if want != now || e.cfg.Confine { // else the runtime would count the CPUs left to confined threads
		runtime.GOMAXPROCS(want)
	}
	if want != now {
		e.log.Info("set GOMAXPROCS; the runtime no longer follows cpuset and quota changes", "from", now, "to", want)
	}
	procs.set = want
}

// restoreProcs puts the old value back when the last engine is gone, unless somebody else has changed it since.
func (e *Engine) restoreProcs() {
	procs.Lock()
	defer procs.Unlock()
	e.procs = false
	procs.engines--
	procs.workers -= len(e.workers)
	if procs.engines == 0 && procs.set != procs.base && runtime.GOMAXPROCS(0) == procs.set {
		runtime.GOMAXPROCS(procs.base)
	}
}
