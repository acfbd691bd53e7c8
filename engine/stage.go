package engine

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sync/atomic"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/ring"
)

// Stage is a handler with a bounded queue in front of it. Add makes it. Submit, TrySubmit and Inlet may be called by any goroutine;
// the rest of a stage is set up before Start, by one goroutine.
type Stage[T any] struct {
	stageCore
	handle      func(*Context, T) error
	handleBatch func(*Context, []T) error
	onFailure   []func(worker int, v T, err error) // emit on the failure edge; a closure, since its type would not end
	inlet       *Inlet[T]                          // what Submit and TrySubmit use

	ring     queue[T]   // what edges push into
	sources  []queue[T] // ring, then every lane of every inlet
	hands    []hand[T]  // by worker
	pointers bool       // T holds pointers: forget events when they are done
	losable  bool       // T may carry a reply
}

// stageCore is the untyped half of a stage. Unless a field says otherwise it does not change after Start.
type stageCore struct {
	e        *Engine
	run      stageRun
	id       int // index in e.stages, downstream first
	name     string
	serial   bool // and there is more than one worker
	capacity int
	maxBatch int
	waiters  int
	outs     []outEdge
	ins      []outEdge // the same edges as in outs of the stages they come from
	inlets   []*inletCore

	_       [cacheLine]byte
	owner   atomic.Int32 // serial stages: 1 + the worker that runs it or owes for it, or nobody. Taken by CAS, given up by its owner
	_       [cacheLine]byte
	waiting bitset // workers that want room in ring. See wake.go
}

const nobody = 0

// stageRun is what a worker does with a stage whose event type it does not know.
type stageRun interface {
	pending() bool        // a published event waits in some ring
	serve(w *worker) bool // take one batch and run it; false: nothing to take, or not now
	open(workers int)
	queued() (waiting, held int) // events in rings; in workers' hands
	free() int
	batches() uint64
	collect(s *StageStats)
	sweep(err error) int
	check() []error
}

// queue is what stages need of the rings, which differ in who may push and pop.
type queue[T any] interface {
	Push(v T, stamp int64) bool
	PushBatch(items []T, stamp int64) int
	PopBatch(dst []T) (n int, stamp int64)
	HeadTime() (stamp int64, ok bool)
	Len() int
	Cap() int
}

// hand is what one worker holds of one stage: the batch it is running, and its counters, which it writes and others read.
type hand[T any] struct {
	buf    []T   // what batches are popped into
	batch  []T   // the batch: part of buf, or what an edge handed over
	n      int   // events in batch
	i      int   // the one being handled
	next   int   // source to begin with next time
	misses int   // looks in vain in a row
	head   int64 // enqueue time of the oldest event of the batch

	popped []atomic.Uint64 // by source; what was handed over directly counts as popped from ring, the first source
	count  counters
	_      [cacheLine]byte
}

// counters have one writer, the worker, and any number of readers.
type counters struct {
	completed, failed, batches, panics, stalls atomic.Uint64
	direct                                     atomic.Uint64 // events handed over directly
	long                                       atomic.Uint64 // batches that took more than longBatch
	busy, wait                                 atomic.Uint64 // nanoseconds
}

func add(c *atomic.Uint64, n uint64) { release.Store(c, c.Load()+n) }

// Node is a stage of any event type.
type Node interface{ core() *stageCore }

func (s *stageCore) core() *stageCore { return s }

// Add adds a stage to an engine that has not been started. What is wrong with the configuration Start reports.
func Add[T any](e *Engine, c StageConfig[T]) *Stage[T] {
	s := &Stage[T]{pointers: hasPointers(reflect.TypeFor[T]()), losable: reflect.TypeFor[T]().Kind() == reflect.Interface}
	var zero T
	if _, ok := any(zero).(lost); ok {
		s.losable = true
	}
	s.stageCore = stageCore{
		e: e, run: s, name: c.Name, serial: c.Serial,
		capacity: or(c.Capacity, defaultCapacity), maxBatch: c.MaxBatch, waiters: c.Waiters,
	}
	if s.maxBatch == 0 {
		s.maxBatch = min(defaultMaxBatch, s.capacity)
	}
	s.inlet = s.Inlet(InletConfig{Name: "submit"})
	e.add(&s.stageCore)
	return s
}

func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// Handle sets the handler, which is called once for each event. An error, or a panic, fails that event alone: it goes to the stage's failure
// edge (OnFailure); without one its reply is answered with the error, or, if it carries none, the error is logged, at most once a second.
func (s *Stage[T]) Handle(f func(*Context, T) error) {
	if !s.tooLate("handler") {
		s.handle = f
	}
}

// HandleBatch sets the handler, which is called with the events a worker took at once, oldest first and at least one. It may change the
// slice but not keep it. An error, or a panic, fails the whole batch; Context.Fail fails single events.
func (s *Stage[T]) HandleBatch(f func(*Context, []T) error) {
	if !s.tooLate("handler") {
		s.handleBatch = f
	}
}

// tooLate reports, and logs, that something was added to s after Start.
func (s *stageCore) tooLate(what string) bool {
	if s.e.frozen() {
		s.e.late(fmt.Sprintf("%s of stage %q", what, s.name))
		return true
	}
	return false
}

func (s *Stage[T]) each() bool { return s.handleBatch == nil }

// attach adds an edge that leaves s.
func (s *stageCore) attach(ed outEdge) {
	if s.e.frozen() {
		s.e.late(fmt.Sprintf("edge %s", ed.core().name()))
		return
	}
	s.outs = append(s.outs, ed)
	if t := ed.core().target; t.e == s.e { // else Start objects, and the other engine goes without
		t.ins = append(t.ins, ed)
	}
}

// check reports what is wrong with the stage's own configuration.
func (s *Stage[T]) check() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case s.name == "":
		bad("has no name")
	case s.handle == nil && s.handleBatch == nil:
		bad("has no handler: call Handle or HandleBatch")
	case s.handle != nil && s.handleBatch != nil:
		bad("has two handlers: call Handle or HandleBatch, not both")
	}
	if err := ring.CheckCapacity(s.capacity); err != nil {
		bad("Capacity: %w", err)
	}
	if most := max(min(maxBatch, s.capacity), 1); s.maxBatch < 1 || s.maxBatch > most {
		bad("MaxBatch is %d, want 1 to %d", s.maxBatch, most)
	}
	if len(s.onFailure) > 1 {
		bad("has %d failure edges, want at most one", len(s.onFailure))
	}
	names := map[string]bool{}
	for _, in := range s.inlets {
		if names[in.name] {
			bad("has two inlets named %q", in.name)
		}
		names[in.name] = true
		errs = append(errs, in.check(s.capacity)...)
	}
	for _, ed := range s.outs {
		errs = append(errs, s.checkEdge(ed)...)
	}
	return errs
}

func (s *stageCore) checkEdge(ed outEdge) (errs []error) {
	c := ed.core()
	full, maxOut := ed.policy()
	if c.target.e != s.e {
		return []error{fmt.Errorf("edge %s leads to a stage of another engine", c.name())}
	}
	if full > Fail {
		errs = append(errs, fmt.Errorf("edge %s: Full is %v", c.name(), full))
	}
	if maxOut < 1 || maxOut > c.target.capacity {
		errs = append(errs, fmt.Errorf("edge %s: MaxOut is %d, want 1 to the target's capacity %d", c.name(), maxOut, c.target.capacity))
	}
	return errs
}

// open makes the rings and the hands. Which ring serves depends on who pushes and who pops: inlets have any number of producers,
// edges those of the workers; a serial stage, or a single worker, is one consumer at a time.
func (s *Stage[T]) open(workers int) {
	single := workers == 1 || s.serial
	s.serial = s.serial && workers > 1 // else there is nobody to exclude
	switch {
	case workers == 1:
		s.ring = ring.NewSPSC[T](s.capacity)
	case single:
		s.ring = ring.NewMPSC[T](s.capacity)
	default:
		s.ring = ring.NewMPMC[T](s.capacity)
	}
	s.sources = []queue[T]{s.ring}
	for _, in := range s.inlets {
		in.first = len(s.sources)
		s.sources = append(s.sources, in.run.(*Inlet[T]).makeLanes(single)...)
	}
	s.hands = make([]hand[T], workers)
	for i := range s.hands {
		s.hands[i].buf = make([]T, s.maxBatch)
		s.hands[i].popped = make([]atomic.Uint64, len(s.sources))
	}
	s.waiting.size(workers)
	for _, ed := range s.outs {
		ed.open(workers)
	}
}

// admits reports whether the outputs of one more event have room, and nobody else runs a serial stage.
func (s *stageCore) admits() bool {
	if s.serial && s.owner.Load() != nobody {
		return false
	}
	for _, ed := range s.outs {
		if !ed.admits() {
			return false
		}
	}
	return true
}

// owes reports whether worker w has a debt on an edge of s.
func (s *stageCore) owes(w int) bool {
	for _, ed := range s.outs {
		if ed.owed(w) > 0 {
			return true
		}
	}
	return false
}

func (s *stageCore) free() int { return s.run.free() }

func (s *Stage[T]) free() int { return s.ring.Cap() - s.ring.Len() }

func (s *Stage[T]) pending() bool {
	for _, q := range s.sources {
		if _, ok := q.HeadTime(); ok {
			return true
		}
	}
	return false
}

// headTime returns the enqueue time of the oldest event that waits in a ring.
func (s *Stage[T]) headTime() (oldest Time, ok bool) {
	oldest = math.MaxInt64
	for _, q := range s.sources {
		if t, some := q.HeadTime(); some {
			oldest, ok = min(oldest, Time(t)), true
		}
	}
	return oldest, ok
}

func (s *Stage[T]) queued() (waiting, held int) {
	for i := range s.hands {
		h := &s.hands[i]
		held -= int(h.count.completed.Load() + h.count.failed.Load())
		for k := range h.popped {
			held += int(h.popped[k].Load())
		}
	}
	for _, q := range s.sources {
		waiting += q.Len()
	}
	return waiting, max(held, 0)
}

// sweep throws away what waits in the rings, once the workers are gone. A Submit call that claimed its slot before the inlet was sealed may
// not have filled it yet; it is about to, and its event was accepted.
func (s *Stage[T]) sweep(err error) (n int) {
	batch := make([]T, s.maxBatch)
	for _, q := range s.sources {
		for q.Len() > 0 {
			m, _ := q.PopBatch(batch)
			if m == 0 {
				runtime.Gosched()
			}
			for i := range batch[:m] {
				lose(&batch[i], err)
			}
			n += m
		}
	}
	return n
}

// hasPointers reports whether values of type t keep other memory alive.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return true
	}
}
