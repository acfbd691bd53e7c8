package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/sched"
)

// seat is where a worker will run.
type seat struct {
	cpu   int  // -1: anywhere
	named bool // the user asked for this CPU
}

// seat decides the kind of the workers, how many there are, and on which CPUs.
func (e *Engine) seat() ([]seat, error) {
	usable, err := allowedCPUs()
	if errors.Is(err, affinity.ErrNotSupported) {
		return e.sharedSeats(e.cfg.Workers, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the allowed CPUs: %w", err)
	}
	topo, limits, err := affinity.System()
	if err != nil {
		e.log.Warn("placing workers without the machine's topology", "err", err)
		topo = nil
	}
	e.topo = topo
	workers := e.cfg.Workers
	if workers == 0 {
		workers = min(max(usable.Len()-1, 1), sched.MaxSet)
		if limits.Quota > 0 {
			workers = min(workers, max(int(math.Ceil(limits.Quota))-1, 1))
		}
		if named := e.cfg.CPUs.Len(); named > 0 {
			workers = min(workers, named)
		}
	}
	e.kind = e.cfg.Kind
	if e.kind == Auto {
		e.kind = Shared
		if canPin && usable.Len() >= 2 && limits.Quota == 0 {
			e.kind = Pinned
		}
	}
	if e.kind == Shared {
		return e.sharedSeats(workers, nil)
	}
	if !canPin {
		return nil, fmt.Errorf("pinned workers: %w", affinity.ErrNotSupported)
	}
	if limits.Quota > 0 && e.cfg.Idle != Park {
		e.log.Warn("pinned workers under a CPU quota sleep at once: a spinning thread would use up the quota", "quota", limits.Quota)
		e.cfg.Idle = Park
	}
	return e.pinnedSeats(workers, usable, topo)
}

func (e *Engine) sharedSeats(workers int, reason error) ([]seat, error) {
	if e.cfg.Kind == Pinned {
		return nil, fmt.Errorf("pinned workers: %w", reason)
	}
	e.kind = Shared
	if !e.cfg.CPUs.Empty() {
		e.log.Warn("CPUs is ignored: workers are shared", "cpus", e.cfg.CPUs)
	}
	if e.cfg.Confine {
		e.log.Warn("Confine is ignored: workers are shared")
	}
	seats := make([]seat, max(workers, 1))
	for i := range seats {
		seats[i].cpu = -1
	}
	return seats, nil
}

func (e *Engine) pinnedSeats(workers int, usable affinity.Set, topo *affinity.Topology) ([]seat, error) {
	process.Lock()
	defer process.Unlock()
	e.usable = usable
	among := usable
	if named := e.cfg.CPUs; !named.Empty() {
		if refused := named.AndNot(usable); !refused.Empty() {
			return nil, fmt.Errorf("CPUs names %v, allowed are %v", refused, usable)
		}
		if err := e.checkNamed(); err != nil {
			return nil, err
		}
		among = named
	}
	if workers > among.Len() && !e.cfg.Oversubscribe {
		return nil, fmt.Errorf("%d pinned workers on %d CPUs (%v): set Oversubscribe, or fewer Workers", workers, among.Len(), among)
	}
	held := e.heldByOthers()
	if e.cfg.Workers == 0 {
		workers = e.fewer(workers, among, held)
	}
	order := e.order(among, topo)
	slices.SortStableFunc(order, func(a, b int) int { return rankHeld(held, a) - rankHeld(held, b) })
	seats := make([]seat, workers)
	for i := range seats {
		seats[i] = seat{cpu: order[i%len(order)], named: !e.cfg.CPUs.Empty()}
		e.own = e.own.With(seats[i].cpu)
	}
	if shared := e.own.And(held); !shared.Empty() {
		e.log.Warn("workers share CPUs with other engines of this process", "cpus", shared, "engines", e.holders(shared))
	}
	e.fill = append(order, e.order(usable.AndNot(among), topo)...)
	e.own = e.own.Or(e.cfg.CPUs)
	e.hold(e.own)
	return seats, nil
}

// fewer returns the default number of workers where other engines hold CPUs: as many as are left, one less if the engine chooses among
// them, and at least one.
func (e *Engine) fewer(workers int, among, held affinity.Set) int {
	left := among.AndNot(held).Len()
	if left == among.Len() {
		return workers
	}
	if e.cfg.CPUs.Empty() {
		left--
	}
	return min(workers, max(left, 1))
}

// rankHeld puts the CPUs of other engines last.
func rankHeld(held affinity.Set, cpu int) int {
	if held.Has(cpu) {
		return 1
	}
	return 0
}

// order lists CPUs in the order to fill them. Of the CPUs the engine may choose from, the first comes last: it serves most
// interrupts, and whatever else the process does finds it free.
func (e *Engine) order(usable affinity.Set, topo *affinity.Topology) []int {
	order := usable.CPUs()
	if topo != nil {
		order = topo.Place(usable, affinity.Compact|affinity.SiblingsLast|affinity.FastFirst)
	}
	if !e.cfg.CPUs.Empty() {
		return order
	}
	for i, cpu := range order {
		if cpu == usable.Min() {
			return append(append(order[:i:i], order[i+1:]...), cpu)
		}
	}
	return order
}

// cpus says where the workers are pinned, for the log; -1 stands for a pinned worker that runs anywhere.
func (e *Engine) cpus() string {
	if e.kind == Shared {
		return "any"
	}
	var list []int
	for _, w := range e.workers {
		list = append(list, w.place())
	}
	return fmt.Sprint(list)
}
