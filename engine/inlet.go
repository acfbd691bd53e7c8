package engine

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/ring"
)

// Inlet is a way into a stage for ordinary goroutines, with a ring of its own: the unit of order and of fairness. All its methods may be
// called by any goroutine.
type Inlet[T any] struct {
	inletCore
	stage *Stage[T]
	lanes []lane[T] // nil before Start
}

// lane is a ring that can be closed exactly: what was pushed before Seal is accepted, nothing after.
type lane[T any] interface {
	queue[T]
	Seal()
	Sealed() bool
}

type inletCore struct {
	name     string
	run      inletRun
	capacity int
	nlanes   int
	waiters  int
	first    int         // index of the first lane among the stage's sources
	open     atomic.Bool // lanes are there: stored by Start after making them

	// The errors of the fast path, made once: a refusal costs no allocation.
	errFull, errClosed, errNotStarted error

	accepted atomic.Uint64 // the most events that Stats ever counted: see raise

	_       [cacheLine]byte
	refused atomic.Uint64 // events not accepted, but for a closed engine. Written by callers, off the fast path
	waiting atomic.Int32  // length of line. Changed under mu, read by workers and callers without
	again   atomic.Bool   // a worker found mu taken: whoever holds it relieves in the worker's stead
	mu      sync.Mutex    // guards line. A worker only ever tries it
	line    list.List     // of *waiter, first come first
	_       [cacheLine]byte
}

// inletRun is the typed half of an inlet.
type inletRun interface {
	free() int
	sealed() bool
	seal()
	queued() int
}

// waiter is one Submit call that waits for room.
type waiter struct {
	place *list.Element // nil: not in line. Guarded by mu
	first bool          // nobody stood before it when it joined. Written under mu, read by the call itself
	room  chan struct{} // told, once per stay in line, that there may be room
}

// Inlet adds an inlet to the stage. Call it before Start.
func (s *Stage[T]) Inlet(c InletConfig) *Inlet[T] {
	in := &Inlet[T]{stage: s}
	in.name, in.run = c.Name, in
	in.capacity = or(c.Capacity, s.capacity)
	in.nlanes = or(c.Lanes, 1)
	in.waiters = max(or(or(c.Waiters, s.waiters), defaultWaiters), 0)
	in.errFull, in.errClosed, in.errNotStarted = in.fail(ErrFull), in.fail(ErrClosed), in.fail(ErrNotStarted)
	if s.e.frozen() {
		s.e.late(fmt.Sprintf("inlet %q of stage %s", c.Name, s.name))
		return in
	}
	s.inlets = append(s.inlets, &in.inletCore)
	return in
}

// check reports what is wrong with the inlet; not the capacity it takes over from the stage, which the stage reports.
func (in *inletCore) check(inherited int) (errs []error) {
	if in.name == "" {
		errs = append(errs, errors.New("has an inlet without a name"))
	}
	if err := ring.CheckCapacity(in.capacity); err != nil && in.capacity != inherited {
		errs = append(errs, fmt.Errorf("inlet %q: Capacity: %w", in.name, err))
	}
	if in.nlanes < 1 || in.nlanes > maxLanes {
		errs = append(errs, fmt.Errorf("inlet %q: Lanes is %d, want 1 to %d", in.name, in.nlanes, maxLanes))
	}
	return errs
}

func (in *Inlet[T]) makeLanes(singleConsumer bool) (sources []queue[T]) {
	for range in.nlanes {
		var l lane[T]
		if singleConsumer {
			l = ring.NewMPSC[T](in.capacity)
		} else {
			l = ring.NewMPMC[T](in.capacity)
		}
		in.lanes = append(in.lanes, l)
		sources = append(sources, l)
	}
	return sources
}

// Submit hands v to the stage's own inlet. It waits while the ring is full, until ctx ends: see Inlet.Submit.
func (s *Stage[T]) Submit(ctx context.Context, v T) error { return s.inlet.Submit(ctx, v) }

// TrySubmit hands v to the stage's own inlet and never waits: see Inlet.TrySubmit.
func (s *Stage[T]) TrySubmit(v T) error { return s.inlet.TrySubmit(v) }

// TrySubmit hands v to the stage. It never waits and does not allocate; it costs a clock reading, a push and a fence, and a system call
// where a sleeping worker has to be woken. It does not overtake Submit calls that wait for room: while there are any the inlet is full.
// Unless it returns nil v was not accepted: ErrFull, ErrClosed, ErrNotStarted.
func (in *Inlet[T]) TrySubmit(v T) error {
	err := in.errFull
	if in.waiting.Load() == 0 {
		err = in.push(v)
	}
	if err == in.errFull {
		in.refused.Add(1)
	}
	return err
}

// TrySubmitBatch hands over as many events from the front of vs as fit, in order, with the cost of one TrySubmit, and returns how
// many. If that is less than all of them the error says why. With several lanes one call fills one lane.
func (in *Inlet[T]) TrySubmitBatch(vs []T) (int, error) {
	if !in.open.Load() {
		return 0, in.errNotStarted
	}
	if len(vs) == 0 {
		return 0, nil
	}
	e := in.stage.e
	l, now := in.pick(), e.now()
	n := 0
	if in.waiting.Load() == 0 {
		n = l.PushBatch(vs, int64(now))
	}
	if n > 0 {
		release.Fence()
		e.signal(&in.stage.stageCore, nil, now)
	}
	if n == len(vs) {
		return n, nil
	}
	if l.Sealed() {
		return n, in.errClosed
	}
	in.refused.Add(uint64(len(vs) - n))
	return n, in.errFull
}

// Submit hands v to the stage. While the ring is full it waits its turn, until ctx ends. Unless it returns nil v was not accepted:
// ctx's error, ErrRefused (too many are waiting already), ErrClosed, ErrNotStarted.
func (in *Inlet[T]) Submit(ctx context.Context, v T) error {
	if in.waiting.Load() == 0 {
		if err := in.push(v); err != in.errFull {
			return err
		}
	}
	return in.wait(ctx, v)
}

// push tries every lane, from a random one on.
func (in *Inlet[T]) push(v T) error {
	if !in.open.Load() {
		return in.errNotStarted
	}
	e := in.stage.e
	l, now := in.pick(), e.now()
	pushed := l.Push(v, int64(now))
	for i := 0; !pushed && in.nlanes > 1 && i < len(in.lanes); i++ {
		pushed = in.lanes[i].Push(v, int64(now))
	}
	if pushed {
		release.Fence()
		e.signal(&in.stage.stageCore, nil, now)
		return nil
	}
	if l.Sealed() {
		return in.errClosed
	}
	return in.errFull
}

func (in *Inlet[T]) pick() lane[T] {
	if in.nlanes == 1 {
		return in.lanes[0]
	}
	return in.lanes[rand.IntN(len(in.lanes))]
}

// fail names the stage, and the inlet if it is not the stage's own.
func (in *Inlet[T]) fail(err error) error {
	if in.stage.inlet == nil || in == in.stage.inlet { // the first one is the stage's own
		return fmt.Errorf("stage %s: %w", in.stage.name, err)
	}
	return fmt.Errorf("stage %s, inlet %s: %w", in.stage.name, in.name, err)
}

// wait stands in line for room. The first in line tries to push after it has joined; a worker first frees slots, then looks at the
// line; both with a full fence in between, so that either the push succeeds or the worker sees the line. Who joins behind others waits
// to be told, even if there is room by now, so that nobody is overtaken for ever: whoever leaves the line looks for room (leave).
func (in *Inlet[T]) wait(ctx context.Context, v T) error {
	w := &waiter{room: make(chan struct{}, 1)}
	if !in.join(w, false) {
		in.refused.Add(1)
		return in.fail(in.refusal())
	}
	for {
		if w.first {
			if err := in.push(v); err != in.errFull {
				in.leave(w)
				return err
			}
		}
		select {
		case <-w.room:
			in.join(w, true)
		case <-ctx.Done():
			in.leave(w)
			in.refused.Add(1)
			return in.fail(ctx.Err())
		}
	}
}

func (in *inletCore) refusal() error {
	if in.waiters == 0 {
		return fmt.Errorf("%w: full, and no call may wait", ErrRefused)
	}
	return fmt.Errorf("%w: as many calls as may (%d) wait for room", ErrRefused, in.waiters)
}

// join puts w into the line, at its head if it stood there before. It reports false if the line is full.
func (in *inletCore) join(w *waiter, again bool) bool {
	in.mu.Lock()
	defer in.unlock()
	switch {
	case again:
		w.place = in.line.PushFront(w)
	case in.line.Len() >= in.waiters:
		return false
	default:
		w.place = in.line.PushBack(w)
	}
	w.first = in.line.Front() == w.place
	in.waiting.Store(int32(in.line.Len()))
	return true
}

// leave takes w out of the line. If w was told of room it may not have used it, and those who joined behind it have not looked for any:
// the next in line is told.
func (in *inletCore) leave(w *waiter) {
	in.mu.Lock()
	defer in.unlock()
	told := w.place == nil
	if !told {
		in.line.Remove(w.place)
		in.waiting.Store(int32(in.line.Len()))
	}
	if told || in.roomy() {
		in.tell(in.run.free())
	}
}

// roomy reports whether the ring is so empty, or closed, that calls in line are to be told.
func (in *inletCore) roomy() bool {
	return in.run.free() >= in.capacity*in.nlanes/2 || in.run.sealed()
}

// relieve tells waiting Submit calls of room once the ring is half empty. Workers call it after every batch; with nobody waiting it is
// one load.
func (in *inletCore) relieve() {
	if in.waiting.Load() == 0 || !in.roomy() {
		return
	}
	in.again.Store(true)
	if in.mu.TryLock() {
		in.unlock()
	}
}

// unlock gives mu back, after doing what a worker wanted to do and could not.
func (in *inletCore) unlock() {
	for {
		if in.again.Swap(false) {
			in.tell(in.run.free())
		}
		in.mu.Unlock()
		if !in.again.Load() || !in.mu.TryLock() {
			return
		}
	}
}

// tell takes the first n out of the line, or all of a closed inlet, and lets them try again. The caller holds mu.
func (in *inletCore) tell(n int) {
	if in.run.sealed() {
		n = in.line.Len()
	}
	for ; n > 0 && in.line.Len() > 0; n-- {
		w := in.line.Remove(in.line.Front()).(*waiter)
		w.place = nil
		w.room <- struct{}{}
	}
	in.waiting.Store(int32(in.line.Len()))
}

func (in *Inlet[T]) free() (n int) {
	for _, l := range in.lanes {
		n += l.Cap() - l.Len()
	}
	return n
}

func (in *Inlet[T]) queued() (n int) {
	for _, l := range in.lanes {
		n += l.Len()
	}
	return n
}

func (in *Inlet[T]) sealed() bool { return len(in.lanes) > 0 && in.lanes[0].Sealed() }

// seal closes every lane and sends the waiting calls home.
func (in *Inlet[T]) seal() {
	for _, l := range in.lanes {
		l.Seal()
	}
	in.mu.Lock()
	in.tell(0)
	in.unlock()
}
