package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/clock"
	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/yield"
)

// Engine runs a graph of stages on a fixed set of workers. New makes it; stages and edges are added by one goroutine before Start; from
// then on all methods may be called by any goroutine that is not a worker's.
type Engine struct {
	cfg     Config
	log     *slog.Logger
	clock   clock.Clock  // read by now alone
	virtual func() Time  // a clock in its place; nil but in tests
	added   []*stageCore // in the order of Add
	tickers []periodic   // in the order of Every

	stages  []*stageCore // by id: downstream first. Set by Start
	workers []*worker
	procs   bool // this engine takes part in the GOMAXPROCS policy
	kind    Kind
	own     affinity.Set       // CPUs that the user names for this engine, or else those it chose. Set by Start
	usable  affinity.Set       // the CPUs allowed at Start
	fill    []int              // the same, in the order to fill them
	topo    *affinity.Topology // nil: not known

	confined bool         // confine has run
	room     affinity.Set // and left these CPUs to other threads. Both are Start's, then the watch's
	calls    sync.Map     // reflect.Type of the answer -> *callPool

	ready  bitset // stages that may have events. See wake.go
	parked bitset // workers that sleep or are about to
	plan   atomic.Pointer[plan]

	watch      *watch
	controller *controller

	coldWakes  atomic.Uint64   // wake-ups that found all eligible workers asleep
	advised    atomic.Bool     // adviseShared has spoken
	probesFail atomic.Bool     // unprobed has spoken
	random     func(n int) int // the only chance the engine takes
	manual     *manualRun      // nil but for tests that drive the engine by hand
	inline     bool            // handlers of blocking stages run in the worker: for tests that want one goroutine

	phase   atomic.Uint32 // fresh, starting, started, ended
	control sync.Mutex    // one publication of a plan at a time, and the steps between phases
	running sync.WaitGroup
	quiet   chan struct{} // a worker slept while draining: look whether all do
	halt    chan struct{} // closed by Close: stop waiting for what is left
	halting sync.Once
	done    chan struct{} // closed when workers are gone and every call is answered
	unwatch func() bool   // stop watching Start's context
	left    *RemainsError // what Close left. Written before done is closed
}

const (
	fresh = iota
	starting
	started
	ended
)

// New returns an engine that is yet without stages.
func New(c Config) *Engine {
	c.setDefaults()
	e := &Engine{
		cfg: c, log: c.Log,
		clock:  clock.New(),
		random: rand.IntN,
		quiet:  make(chan struct{}, 1), halt: make(chan struct{}), done: make(chan struct{}),
	}
	e.watch, e.controller = newWatch(e), newController(e)
	return e
}

// sometimes is invariant.Sometimes, but never in an engine driven by hand, where nothing happens by chance.
func (e *Engine) sometimes(oneIn int) bool {
	return invariant.Enabled && e.manual == nil && invariant.Sometimes(oneIn)
}

// Now returns the time on the engine's clock.
func (e *Engine) Now() Time { return e.now() }

// now is the only way in which the engine learns the time.
func (e *Engine) now() Time {
	if e.virtual != nil {
		return e.virtual()
	}
	return Time(e.clock.Now())
}

func (e *Engine) add(s *stageCore) {
	if e.frozen() {
		e.late(fmt.Sprintf("stage %q", s.name))
		s.stray = true
		return
	}
	s.id = len(e.added)
	e.added = append(e.added, s)
}

// frozen reports whether the graph can be changed no more.
func (e *Engine) frozen() bool { return e.phase.Load() != fresh }

// late notes something that was added after Start. It takes no part: submitting to it fails with ErrNotStarted.
func (e *Engine) late(what string) {
	e.log.Error("added after Start and ignored", "what", what)
}

// Start checks the graph, and reports all its mistakes at once, then makes the rings and starts the workers. When ctx ends the engine is
// closed as by Close. An engine whose Start failed cannot be used again.
func (e *Engine) Start(ctx context.Context) error {
	if ctx == nil {
		return fmt.Errorf("engine %q: start: the context is nil", e.cfg.Name)
	}
	e.control.Lock() // until the engine runs: a Close that comes in between waits
	defer e.control.Unlock()
	if !e.phase.CompareAndSwap(fresh, starting) {
		return fmt.Errorf("engine %q: %w", e.cfg.Name, ErrStarted)
	}
	if err := e.start(); err != nil {
		e.letGo()
		e.phase.Store(ended)
		close(e.done)
		return fmt.Errorf("engine %q: %w", e.cfg.Name, err)
	}
	e.log.Info("started", "workers", len(e.workers), "kind", e.kind, "cpus", e.cpus(), "stages", len(e.stages))
	e.unwatch = context.AfterFunc(ctx, func() { _ = e.Close() })
	return nil
}

func (e *Engine) start() error {
	errs := append(e.cfg.validate(), e.checkGraph()...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	e.rank()
	seats, err := e.seat()
	if err != nil {
		return err
	}
	if err := e.prepare(seats); err != nil {
		return err
	}
	if err := e.launch(); err != nil {
		return err
	}
	e.accept()
	return nil
}

// prepare makes all there is of the engine but the goroutines of the workers.
func (e *Engine) prepare(seats []seat) error {
	e.makeWorkers(seats)
	first, err := e.planOf(e.cfg.Assign)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range e.stages {
		errs = append(errs, s.run.open(len(e.workers)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.startTickers()
	e.publish(newPlan(first, len(e.stages)))
	return nil
}

// accept opens the inlets.
func (e *Engine) accept() {
	e.phase.Store(started)
	for _, s := range e.stages {
		for _, in := range s.inlets {
			in.open.Store(true)
		}
	}
}

func (e *Engine) makeWorkers(seats []seat) {
	e.ready.size(len(e.stages))
	e.parked.size(len(seats))
	for i, seat := range seats {
		w := &worker{e: e, id: i, cpu: seat.cpu, named: seat.named, locked: e.kind == Pinned, idler: idler{mode: e.cfg.Idle}}
		w.at.Store(-1)
		w.ctx = Context{w: w, worker: i, note: noNote}
		w.timers.alarm = never
		w.picker.Reset(len(e.stages), quantum)
		if e.kind == Shared {
			w.idler.mode = Park
			w.parker.woken = make(chan struct{}, 1)
		}
		w.makeLabels()
		if err := w.probed.open(e.cfg.Probes, len(e.stages)); err != nil {
			e.unprobed(w, err)
		}
		e.workers = append(e.workers, w)
	}
}

// launch starts the workers and waits until each has its thread and CPU.
func (e *Engine) launch() error {
	if err := e.controller.prepare(); err != nil {
		return err
	}
	if e.kind == Pinned {
		e.raiseProcs()
	}
	result := make(chan error, len(e.workers))
	e.running.Add(len(e.workers))
	for _, w := range e.workers {
		go w.main(result)
	}
	var errs []error
	for range e.workers {
		if err := <-result; err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		e.publish(e.plan.Load().with(true, true))
		e.awaitWorkers()
		return errors.Join(errs...)
	}
	e.measureWake()
	if e.cfg.Confine && e.kind == Pinned {
		e.confine()
	}
	e.watch.start()
	e.controller.start()
	return nil
}

// measureWake gives pinned workers a first idea of what waking them costs here.
func (e *Engine) measureWake() {
	const rounds, patience = 3, 10 * time.Millisecond
	if e.kind != Pinned || e.cfg.Idle != Adaptive {
		return
	}
	deadline := e.now() + Time(patience)
	for range rounds {
		for i, w := range e.workers {
			for w.state.Load() != asleep && e.now() < deadline {
				pause()
			}
			e.wake(i, e.now())
		}
	}
}

// awaitWorkers returns when the workers, which have been told to leave, are gone.
func (e *Engine) awaitWorkers() {
	yield.Wait(&e.running)
	e.watch.end()
	e.controller.end()
	e.unconfine()
	e.letGo()
	if e.procs {
		e.restoreProcs()
	}
}

// Drain refuses new events, waits until everything accepted is done and the workers are gone, and returns nil. If ctx ends first it
// returns a *RemainsError that wraps ctx's error, and the engine goes on draining; Drain may be called again. Calls without an
// answer get ErrNoReply. Never call it from a handler, for which it would wait.
func (e *Engine) Drain(ctx context.Context) error {
	switch e.phase.Load() {
	case fresh, starting:
		return fmt.Errorf("engine %q: drain: %w", e.cfg.Name, ErrNotStarted)
	}
	e.beginDrain()
	if e.manual != nil && !e.manual.finish(false) {
		left := e.remains()
		left.cause = errStuck
		return fmt.Errorf("engine %q: drain: %w", e.cfg.Name, left)
	}
	select {
	case <-e.done:
	case <-yield.Unless(ctx.Done(), e.done):
		if !e.isDone() {
			left := e.remains()
			left.cause = ctx.Err()
			return fmt.Errorf("engine %q: drain: %w", e.cfg.Name, left)
		}
	}
	if e.left != nil {
		return fmt.Errorf("engine %q: drain: %w: %w", e.cfg.Name, ErrClosed, e.left)
	}
	return nil
}

// isDone reports whether the engine has ended.
func (e *Engine) isDone() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// Close refuses new events, lets handlers that are running finish, and stops. What was accepted and not finished is discarded, its
// replies answered with ErrClosed, and reported as a *RemainsError. It waits for running handlers however long they take. Closing an
// engine that has ended does nothing more and returns the same. Never call it from a handler.
func (e *Engine) Close() error {
	if e.phase.CompareAndSwap(fresh, ended) {
		close(e.done)
		return nil
	}
	e.beginDrain()
	e.halting.Do(func() { close(e.halt) })
	if e.manual != nil && !e.manual.finish(true) {
		return fmt.Errorf("engine %q: close: %w", e.cfg.Name, errStuck)
	}
	<-yield.From(e.done)
	if e.left != nil {
		return fmt.Errorf("engine %q: %w", e.cfg.Name, e.left)
	}
	return nil
}
