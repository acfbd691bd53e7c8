package engine

import (
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/sched"
)

// Stage is a handler with a bounded queue in front of it. Add makes it. Submit, TrySubmit and Inlet may be called by any goroutine;
// the rest of a stage is set up before Start, by one goroutine.
type Stage[T any] struct {
	stageCore
	handle      func(*Context, T) error
	handleBatch func(*Context, []T) error
	onFailure   []func(worker int, v T, err error) // emit on the failure edge; a closure, since its type would not end
	inlet       *Inlet[T]                          // what Submit and TrySubmit use
	key         func(T) uint64
	admit       func(T, QueueInfo) bool

	shards   []shard[T]
	keyShift int       // what is left of a spread key are the bits that number shards
	hands    []hand[T] // by worker; those of a blocking stage's slots come after
	outside  outside
	pointers bool // T holds pointers: forget events when they are done
	losable  bool // T may carry a reply
}

// stageCore is the untyped half of a stage. Unless a field says otherwise it does not change after Start.
type stageCore struct {
	e          *Engine
	run        stageRun
	id         int // index in e.stages, downstream first
	name       string
	serial     bool
	keyed      bool
	blocking   bool                // handlers run outside of the workers: see blocking.go
	threads    int                 // and as many at a time
	guarded    bool                // serial or keyed, and there is more than one hand: shards are run by whoever has their token
	noted      bool                // events have notes
	asked      atomic.Pointer[ask] // Sample wants a view of the next batch. Written by its callers and, to answer, by whoever takes one
	capacity   int                 // of a ring
	maxBatch   int
	most       atomic.Int32 // events that a batch may have now, at most maxBatch. Written by the control loop, read once per batch
	minCores   int
	maxCores   int
	target     time.Duration
	waiters    int
	classes    int
	shards0    int // StageConfig.Shards
	maxAge     time.Duration
	outs       []outEdge
	ins        []outEdge // the same edges as in outs of the stages they come from
	inlets     []*inletCore
	locals     []local
	probe      *probe                  // for enginetest: around the handler. nil in programs
	asking     chan struct{}           // full while a caller of Sample waits for its answer
	resampling *ask                    // what the control loop asked for: see resample
	recent     atomic.Pointer[Backlog] // and what came of it. Written by the control loop, read by callers of Submit
	// Time of the last line about a panic here, and about a failure that nobody takes. Written by whoever logs.
	lastPanic, lastFailure atomic.Int64
	stray                  bool    // added after Start: what is said about it has been said
	flaws                  []error // mistakes made in setting up the stage, for Start to report

	tokens  []token            // of guarded stages, by shard
	active  bitset             // stages of several shards: those that may have events, a hint as Engine.ready is for stages
	fed     []fed              // the same stages, by worker: shards pushed into since the last fence
	waiting [maxClasses]bitset // by class: workers that want room in a ring. See wake.go
}

// fed is on lines of its own, since its worker writes it with every batch.
type fed struct {
	shards sched.Set
	_      [cacheLine]byte
}

// stageRun is what a worker does with a stage whose event type it does not know.
type stageRun interface {
	pending() bool        // a published event waits in some ring
	runnable() bool       // one waits in a shard that no worker runs
	serve(w *worker) bool // take one batch and run it; false: nothing to take, or not now
	resume(w *worker)     // finish the batch whose handler left its goroutine
	instrument(p *probe)
	open(workers int) error
	queued() (waiting, held int) // events in rings; in workers' hands
	free(shard, class int) int
	release(hand int)  // the hand's batch is over and its outputs are pushed: others may run the shard
	awaited() int      // blocking stages: events in batches that are dispatched
	ended() bool       // and whether there is one that has to be brought to its end
	dismiss(w *worker) // and the end of all of that
	batches() uint64
	collect(s *StageStats, workers []WorkerStats)
	ledger() ledger
	sample(o *sched.StageSample, sources []sched.SourceSample, l *ledger, rest sched.Set, now Time)
	sojourns(l *ledger) *sched.Histogram
	limit(batch, threads int, now Time)
	resample()
	sweep(err error) int
	check() []error
	kind() string // as in StageStats
	connectFrom(from Node)
}

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
		e: e, run: s, name: c.Name, serial: c.Serial, keyed: c.Key != nil,
		capacity: or(c.Capacity, defaultCapacity), maxBatch: c.MaxBatch, waiters: c.Waiters,
		classes: or(c.Classes, 1), shards0: c.Shards, maxAge: c.MaxAge,
		minCores: c.MinCores, maxCores: c.MaxCores, target: c.Target,
		asking: make(chan struct{}, 1),
	}
	s.key, s.admit = c.Key, c.Admit
	s.noted = c.Deadlines || s.classes > 1 || s.maxAge != 0 || s.target != 0
	s.blocking, s.threads = c.Blocking != 0, c.Blocking
	switch {
	case s.maxBatch != 0:
	case s.blocking:
		s.maxBatch = 1
	default:
		s.maxBatch = min(defaultMaxBatch, s.capacity)
	}
	s.most.Store(int32(s.maxBatch))
	e.add(&s.stageCore)
	s.inlet = s.Inlet(InletConfig{Name: "submit"})
	return s
}

func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// Handle sets the handler, which is called once for each event. An error, or a panic, fails that event alone: it goes to the stage's failure
// edge (OnFailure); without one its reply is answered with the error, or, if nobody waits for one, the error is logged, at most once a second.
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
	if !s.e.frozen() {
		return false
	}
	if !s.stray {
		s.e.late(fmt.Sprintf("%s of stage %q", what, s.name))
	}
	return true
}

func (s *Stage[T]) each() bool { return s.handleBatch == nil }

// flaw notes a mistake made in setting up the stage, for Start to report.
func (s *stageCore) flaw(err error) {
	if !s.tooLate("an edge that leads nowhere") {
		s.flaws = append(s.flaws, err)
	}
}

// attach adds an edge that leaves s.
func (s *stageCore) attach(ed outEdge) {
	if s.tooLate(fmt.Sprintf("edge to %q", ed.core().target.name)) {
		return
	}
	s.outs = append(s.outs, ed)
	if t := ed.core().target; t.e == s.e { // else Start objects, and the other engine goes without
		t.ins = append(t.ins, ed)
	}
}

// open makes the rings and the hands. Which ring serves depends on who pushes and who pops: inlets have any number of producers,
// edges those of the workers; a guarded shard, or a single worker, is one consumer at a time.
func (s *Stage[T]) open(workers int) error {
	hands := workers + s.threads
	s.guarded = (s.serial || s.keyed) && hands > 1 // else there is nobody to exclude
	s.shards = make([]shard[T], s.shardCount(workers))
	s.keyShift = 64 - bits.Len(uint(len(s.shards)-1))
	from, inside := manyToMany, manyToMany
	if s.guarded || workers == 1 {
		from, inside = manyToOne, manyToOne
	}
	if workers == 1 {
		inside = oneToOne
	}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.sources = make([][]source[T], s.classes)
		for c := range sh.sources {
			sh.rings = append(sh.rings, makeSource[T](&s.stageCore, inside, s.capacity, 0, nil))
			sh.sources[c] = append(sh.sources[c], sh.rings[c])
		}
	}
	for i, in := range s.inlets {
		in.run.(*Inlet[T]).makeLanes(from, i+1)
	}
	if s.guarded {
		s.tokens = make([]token, len(s.shards))
	}
	if len(s.shards) > 1 {
		s.active.size(len(s.shards))
		s.fed = make([]fed, workers)
	}
	for c := range s.classes {
		s.waiting[c].size(workers)
	}
	s.hands = make([]hand[T], hands)
	for i := range s.hands {
		s.hands[i].open(s)
		if i < workers {
			s.hands[i].sojourn = new(histogram)
		}
	}
	var errs []error
	for _, l := range s.locals {
		errs = append(errs, l.open(s.cells(hands)))
	}
	for _, ed := range s.outs {
		ed.open(hands)
	}
	if s.blocking {
		s.openOutside(workers)
	}
	return errors.Join(errs...)
}

// admits reports whether the outputs of one more event have room.
func (s *stageCore) admits() bool {
	for _, ed := range s.outs {
		if !ed.admits() {
			return false
		}
	}
	return true
}

// owes reports whether there is a debt out of the hand on an edge of s.
func (s *stageCore) owes(hand int) bool {
	for _, ed := range s.outs {
		if ed.owed(hand) > 0 {
			return true
		}
	}
	return false
}

func (s *Stage[T]) free(shard, class int) int { return s.shards[shard].rings[class].free() }

func (s *Stage[T]) pending() bool {
	if s.blocking && s.ended() {
		return true
	}
	for i := range s.shards {
		if s.mayHave(i) && s.shards[i].pending() {
			return true
		}
	}
	return false
}

func (s *Stage[T]) runnable() bool {
	if s.blocking && (s.ended() || !s.outside.free.below(s.outside.usable())) {
		return s.ended()
	}
	for i := range s.shards {
		if (!s.guarded || !s.tokens[i].taken()) && s.mayHave(i) && s.shards[i].pending() {
			return true
		}
	}
	return false
}

// mayHave reports whether the shard may have events.
func (s *Stage[T]) mayHave(shard int) bool { return s.active.used == 0 || s.active.has(shard) }

// each source of the stage.
func (s *Stage[T]) eachSource(f func(*source[T])) {
	for i := range s.shards {
		for _, class := range s.shards[i].sources {
			for k := range class {
				f(&class[k])
			}
		}
	}
}

// headTime returns the enqueue time of the oldest event that waits in a ring.
func (s *Stage[T]) headTime() (oldest Time, ok bool) {
	oldest = never
	s.eachSource(func(q *source[T]) {
		if t, some := q.HeadTime(); some {
			oldest, ok = min(oldest, Time(t)), true
		}
	})
	return oldest, ok
}

func (s *Stage[T]) queued() (waiting, held int) {
	for i := range s.hands {
		h := &s.hands[i]
		held -= int(h.count.completed.Load() + h.count.failed.Load() + h.count.expired.Load())
		for k := range h.popped {
			held += int(h.popped[k].Load())
		}
	}
	s.eachSource(func(q *source[T]) { waiting += q.Len() })
	return waiting, max(held, 0)
}

// sweep throws away what waits in the rings, once the workers are gone. A Submit call that claimed its slot before the inlet was sealed may
// not have filled it yet; it is about to, and its event was accepted.
func (s *Stage[T]) sweep(err error) (n int) {
	var h hand[T]
	h.open(s)
	s.eachSource(func(q *source[T]) {
		for q.Len() > 0 {
			h.batch, h.n = h.buf, 0
			m := q.pop(&h, len(h.buf))
			if m == 0 {
				yield.Until(func() bool { _, ok := q.HeadTime(); return ok })
			}
			for i := range m {
				lose(&h.batch[i], err)
			}
			n += m
		}
	})
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
