package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/engine/internal/manual"
	"github.com/seda-go/seda/sched"
)

func init() {
	manual.Start = func(e any, o manual.Options) (manual.Driver, error) { return e.(*Engine).startManual(o) }
	manual.Tap = func(edge, seen any) { edge.(outEdge).tap(seen) }
	manual.Assign = func(e any, workers map[string][]int) error { return e.(*Engine).assign(workers) }
}

// manualRun is what an engine has in place of goroutines, a clock and chance, if it was started by hand: for enginetest. It uses the very
// code that a worker's goroutine runs, sleep and wake-ups included; what differs is who says when.
type manualRun struct {
	e       *Engine
	o       manual.Options
	clock   Time
	resting []resting // by worker
	held    sched.Set // stages that nobody runs
	inside  bool      // a worker makes a step
}

// resting is a worker that sleeps.
type resting struct {
	asleep bool
	since  Time
}

var errStuck = errors.New("nothing that it waits for can come")

// startManual is Start without goroutines.
func (e *Engine) startManual(o manual.Options) (*manualRun, error) {
	e.control.Lock()
	defer e.control.Unlock()
	if !e.phase.CompareAndSwap(fresh, starting) {
		return nil, fmt.Errorf("engine %q: %w", e.cfg.Name, ErrStarted)
	}
	m := &manualRun{e: e, o: o}
	e.manual, e.inline, e.kind, e.random = m, true, Shared, o.Random
	e.virtual = func() Time { return m.clock }
	e.unwatch = func() bool { return true }
	e.cfg.Workers = max(or(o.Workers, e.cfg.Workers), 1)
	if err := m.start(); err != nil {
		e.phase.Store(ended)
		close(e.done)
		return nil, fmt.Errorf("engine %q: %w", e.cfg.Name, err)
	}
	return m, nil
}

func (m *manualRun) start() error {
	e := m.e
	if err := errors.Join(append(e.cfg.validate(), e.checkGraph()...)...); err != nil {
		return err
	}
	e.rank()
	seats, err := e.sharedSeats(e.cfg.Workers, nil)
	if err != nil {
		return err
	}
	if err := e.prepare(seats); err != nil {
		return err
	}
	for _, s := range e.stages {
		s.probe = &probe{m: m, faults: map[int]func() error{}}
		s.run.instrument(s.probe)
	}
	m.resting = make([]resting, len(e.workers))
	for _, w := range e.workers {
		for i := range w.labels {
			w.labels[i] = labels{} // the goroutine is not the worker's
		}
	}
	e.accept()
	return nil
}

// Awake: see manual.Driver.
func (m *manualRun) Awake(list []int) []int {
	for i, w := range m.e.workers {
		if !m.resting[i].asleep || w.timers.alarm <= m.clock || len(w.parker.woken) > 0 {
			list = append(list, i)
		}
	}
	return list
}

// Step: see manual.Driver.
func (m *manualRun) Step(i int) (ran bool) {
	w, r := m.e.workers[i], &m.resting[i]
	m.inside = true
	defer func() { m.inside = false }()
	if r.asleep {
		select {
		case <-w.parker.woken:
		default:
		}
		r.asleep = false
		w.rise(r.since)
		w.getUp()
	}
	w.now, w.fresh = m.clock, true
	if !w.attend() {
		return false
	}
	w.mask = w.mask.AndNot(&m.held)
	if w.turn() {
		return true
	}
	w.rest()
	if w.lieDown() > 0 {
		*r = resting{asleep: true, since: m.clock}
	} else {
		w.getUp()
	}
	return false
}

// until makes the engine go on until cond holds. It reports false if that cannot be, or may not: a handler must not wait for its own engine.
func (m *manualRun) until(cond func() bool) bool {
	for range m.o.Limit {
		if cond() {
			return true
		}
		if m.inside || !m.o.Forward() {
			break
		}
	}
	return cond()
}

// SetTime: see manual.Driver.
func (m *manualRun) SetTime(ns int64) { m.clock = max(m.clock, Time(ns)) }

// left returns the time until a deadline on the engine's clock.
func (m *manualRun) left(deadline time.Time) time.Duration {
	return deadline.Sub(m.o.Wall.Add(time.Duration(m.clock)))
}

// NextTimer: see manual.Driver.
func (m *manualRun) NextTimer() (ns int64, ok bool) {
	first := never
	for _, w := range m.e.workers {
		first = min(first, w.timers.alarm)
	}
	return int64(first), first != never
}

// Pending: see manual.Driver.
func (m *manualRun) Pending() (n int) {
	for _, s := range m.e.stages {
		for _, ed := range s.outs {
			n += ed.pending()
		}
	}
	return n
}

// Assign: see manual.Driver.
func (m *manualRun) Assign(workers map[string][]int) error {
	for i, w := range m.e.workers {
		if !m.e.parked.has(i) {
			w.adopt(m.e.plan.Load()) // the next thing it would do: then the last plan is in force
		}
	}
	return m.e.assign(workers)
}

// Hold: see manual.Driver.
func (m *manualRun) Hold(stage any, held bool) {
	s := m.stage(stage)
	if held {
		m.held.Add(s.id)
		return
	}
	m.held.Remove(s.id)
	for _, w := range m.e.workers {
		if w.plan != nil {
			w.mask = w.plan.serve[w.id].AndNot(&m.held)
		}
	}
	m.e.wakeAll(m.e.parked.load(), m.clock)
}

func (m *manualRun) stage(stage any) *stageCore {
	s := stage.(Node).core()
	if s.e != m.e {
		panic(fmt.Sprintf("enginetest: stage %q is of another engine", s.name))
	}
	return s
}

// Drained: see manual.Driver.
func (m *manualRun) Drained() bool { return m.e.drained() }

// finish ends a draining engine once it has nothing left to do, or at once. It reports whether the engine has ended.
func (m *manualRun) finish(atOnce bool) bool {
	e := m.e
	if !atOnce && !m.until(e.drained) {
		return e.isDone()
	}
	if !e.isDone() && !m.inside {
		e.control.Lock()
		e.publish(e.plan.Load().with(true, true))
		e.control.Unlock()
		e.end()
	}
	return e.isDone()
}

// canWait makes the engine go on until it has told a call what that waits for, or the call's context ends. It reports false if neither
// can be.
func (m *manualRun) canWait(ctx context.Context, told func() bool) bool {
	return m.until(func() bool { return told() || ctx.Err() != nil })
}

// Cost: see manual.Driver.
func (m *manualRun) Cost(stage any, perEvent time.Duration) { m.stage(stage).probe.cost = perEvent }

// Fault: see manual.Driver.
func (m *manualRun) Fault(stage any, nth int, fault func() error) {
	m.stage(stage).probe.faults[nth] = fault
}

// probe is put around a handler: it counts the events, lets them take time, and some of them fail.
type probe struct {
	m      *manualRun
	cost   time.Duration
	events int
	faults map[int]func() error
}

// next returns the fault of the next event, or nil.
func (p *probe) next() func() error {
	p.events++
	return p.faults[p.events]
}

func (p *probe) spend(events int) { p.m.clock = p.m.clock.add(time.Duration(events) * p.cost) }

func (s *Stage[T]) instrument(p *probe) {
	if f := s.handle; f != nil {
		s.handle = func(c *Context, v T) error {
			defer p.spend(1)
			fault := p.next()
			err := f(c, v)
			if fault != nil {
				err = fault()
			}
			return err
		}
	}
	if f := s.handleBatch; f != nil {
		s.handleBatch = func(c *Context, vs []T) error {
			defer p.spend(len(vs))
			err := f(c, vs)
			for i := range vs {
				if fault := p.next(); fault != nil {
					c.Fail(i, fault())
				}
			}
			return err
		}
	}
}
