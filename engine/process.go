package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/seda-go/seda/affinity"
)

// process is what the engines of one process know of each other. Nothing on the data path looks here: workers do so when they start and
// end, the watch about once a second.
var process struct {
	sync.Mutex
	held    map[*Engine]affinity.Set // CPUs that an engine names, or else has chosen, and those it moved workers to
	workers map[int]bool             // ids of the threads that are workers'

	confining   map[*Engine]bool // engines that run with Config.Confine
	confinement confinement
}

// hold notes the CPUs that e keeps its workers on. The caller holds process.
func (e *Engine) hold(cpus affinity.Set) {
	if process.held == nil {
		process.held = map[*Engine]affinity.Set{}
	}
	process.held[e] = cpus
}

// letGo ends e's hold on CPUs.
func (e *Engine) letGo() {
	process.Lock()
	defer process.Unlock()
	delete(process.held, e)
}

// heldByOthers returns the CPUs that other engines hold. The caller holds process.
func (e *Engine) heldByOthers() (all affinity.Set) {
	for other, cpus := range process.held {
		if other != e {
			all = all.Or(cpus)
		}
	}
	return all
}

// holders names the engines but e that hold any of cpus. The caller holds process.
func (e *Engine) holders(cpus affinity.Set) string {
	var names []string
	for other, held := range process.held {
		if other != e && !held.And(cpus).Empty() {
			names = append(names, fmt.Sprintf("%q", other.cfg.Name))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// checkNamed reports CPUs that e names and another engine does, too. The caller holds process.
func (e *Engine) checkNamed() error {
	for other := range process.held {
		if twice := other.cfg.CPUs.And(e.cfg.CPUs); other != e && !twice.Empty() && !e.cfg.Oversubscribe {
			return fmt.Errorf("CPUs names %v, which engine %q names too: set Oversubscribe, or name others", twice, other.cfg.Name)
		}
	}
	return nil
}

// enlist makes the calling thread known as w's before anybody can take it for one of the program's, and pins it.
func (w *worker) enlist() error {
	process.Lock()
	defer process.Unlock()
	if process.workers == nil {
		process.workers = map[int]bool{}
	}
	tid := threadID()
	w.tid.Store(int32(tid))
	w.lastID.Store(int32(tid))
	process.workers[tid] = true
	return w.pin()
}

// delist is called before a thread ends: if it was w's, its id may be another's from then on.
func (w *worker) delist() {
	process.Lock()
	defer process.Unlock()
	if int(w.tid.Load()) == threadID() {
		delete(process.workers, threadID())
		w.tid.Store(0)
	}
}
