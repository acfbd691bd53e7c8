package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/sched"
)

// plan is a sched.Plan as the data path reads it. It never changes once published; workers compare pointers to see that there is a
// new one, and act on it from their next batch on.
type plan struct {
	sched.Plan
	serve    []sched.Set // by worker: stages
	eligible []sched.Set // by stage: workers
	loose    sched.Set   // stages that promise no order: see claim. Set by publish
	draining bool        // no more input will come: sleep rather than spin, and say so
	stop     bool        // leave at once
}

var errInTransition = errors.New("the last plan is not in force yet")

func newPlan(p sched.Plan, stages int) *plan {
	q := &plan{Plan: p, serve: make([]sched.Set, len(p.Serve)), eligible: make([]sched.Set, stages)}
	for w, list := range p.Serve {
		for _, s := range list {
			q.serve[w].Add(s)
			q.eligible[s].Add(w)
		}
	}
	return q
}

// apply publishes p unless it is impossible, a plan is still in transition, or the engine is ending. Then the last plan stays.
func (e *Engine) apply(p sched.Plan) error {
	if err := p.Validate(len(e.workers), len(e.stages)); err != nil {
		return err
	}
	yield.Lock(&e.control)
	defer e.control.Unlock()
	now := e.plan.Load()
	switch {
	case now.draining || now.stop:
		return ErrClosed
	case !e.inForce(now):
		return errInTransition
	}
	e.publish(newPlan(p, len(e.stages)))
	return nil
}

// assign applies the plan that Config.Assign would describe by the same map.
func (e *Engine) assign(workers map[string][]int) error {
	if err := errors.Join(e.checkAssign(workers)...); err != nil {
		return err
	}
	p, err := e.planOf(workers)
	if err != nil {
		return err
	}
	return e.apply(p)
}

// inForce reports whether every worker acts on p or sleeps, and will see p when it wakes.
func (e *Engine) inForce(p *plan) bool {
	for i, w := range e.workers {
		if w.epoch.Load() != p.Epoch && !e.parked.has(i) {
			return false
		}
	}
	return true
}

// publish numbers p, puts it in place and wakes every sleeper to look at it: pair (4) in wake.go. The caller holds e.control.
func (e *Engine) publish(p *plan) {
	p.Epoch = 1
	if old := e.plan.Load(); old != nil {
		p.Epoch = old.Epoch + 1
	}
	for _, s := range e.stages {
		if !s.serial && !s.keyed && s.classes == 1 && p.eligible[s.id].Len() > 1 {
			p.loose.Add(s.id)
		}
	}
	yield.Point()
	e.plan.Store(p)
	e.wakeAll(e.parked.load(), e.now())
}

// with returns the same assignment in another phase of the engine's life.
func (p *plan) with(draining, stop bool) *plan {
	q := *p
	q.draining, q.stop = draining, stop
	return &q
}

// planOf is serve-all within MaxCores, but for the stages that assign names. It is checked but for what checkAssign checks.
func (e *Engine) planOf(assign map[string][]int) (sched.Plan, error) {
	workers := len(e.workers)
	p := sched.Plan{Serve: make([][]int, workers)}
	var errs []error
	for _, s := range e.stages {
		list, static := assign[s.name]
		if !static {
			list = s.firstWorkers(workers)
		}
		for _, w := range list {
			if w >= workers {
				errs = append(errs, fmt.Errorf("config: Assign[%q] names worker %d, there are %d", s.name, w, workers))
				continue
			}
			p.Serve[w] = append(p.Serve[w], s.id)
		}
	}
	if len(errs) == 0 {
		errs = append(errs, p.Validate(workers, len(e.stages)))
	}
	return p, errors.Join(errs...)
}

// firstWorkers returns who serves a stage that nothing is known of: everybody, or as many as may, other ones for other stages.
func (s *stageCore) firstWorkers(workers int) (list []int) {
	for i := range min(workers, or(s.maxCores, workers)) {
		list = append(list, (s.id+i)%workers)
	}
	return list
}

// checkAssign reports what is wrong with an assignment such as Config.Assign, but for what depends on a number of workers not known yet.
func (e *Engine) checkAssign(assign map[string][]int) (errs []error) {
	known := map[string]bool{}
	for _, s := range e.added {
		known[s.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(assign)) {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("config: Assign[%q] %s", name, fmt.Sprintf(format, args...)))
		}
		list := assign[name]
		switch {
		case !known[name]:
			errs = append(errs, fmt.Errorf("config: Assign names the stage %q, which does not exist", name))
		case len(list) == 0:
			bad("names no worker")
		}
		for i, w := range list {
			switch {
			case w < 0, e.cfg.Workers > 0 && w >= e.cfg.Workers:
				bad("names worker %d, there are %d", w, e.cfg.Workers)
			case slices.Contains(list[:i], w):
				bad("names worker %d twice", w)
			}
		}
	}
	return errs
}
