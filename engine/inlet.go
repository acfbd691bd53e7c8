package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/ring"
	"github.com/seda-go/seda/sched"
)

// Inlet is a way into a stage for ordinary goroutines, with rings of its own: the unit of order and of fairness. All its methods may be
// called by any goroutine.
type Inlet[T any] struct {
	inletCore
	stage *Stage[T]
	lanes []source[T] // one per shard of a keyed stage. nil before Start
}

type inletCore struct {
	name     string
	run      inletRun
	capacity int
	nlanes   int
	waiters  int
	class    int
	target   time.Duration
	room     int         // events that fit into all lanes
	lines    []line      // one per lane of a keyed stage, else one for all lanes
	open     atomic.Bool // lanes are there: stored by Start after making them

	// The errors of the fast path, made once: a refusal costs no allocation.
	errFull, errClosed, errNotStarted, errDeclined error

	limit    atomic.Pointer[admission] // nil: all that fits may come in. Written by the control loop, read by callers
	accepted atomic.Uint64             // the most events that Stats ever counted: see raise

	_       [cacheLine]byte
	refused atomic.Uint64 // events not accepted, but for a closed engine. Written by callers, off the fast path
	limited atomic.Uint64 // those of them that limit, or the stage's Admit, kept out
	waiting atomic.Int32  // calls in all lines
	_       [cacheLine]byte
}

// inletRun is the typed half of an inlet.
type inletRun interface {
	seal()
	queued() int
	headAge(now Time) int64
}

// Inlet adds an inlet to the stage. Call it before Start.
func (s *Stage[T]) Inlet(c InletConfig) *Inlet[T] {
	in := &Inlet[T]{stage: s}
	in.name, in.run, in.class = c.Name, in, c.Class
	in.capacity = or(c.Capacity, s.capacity)
	in.nlanes = or(c.Lanes, 1)
	in.target = s.target
	if c.Target != 0 {
		in.target = c.Target
		s.noted = s.noted || c.Target > 0 && !s.e.frozen()
	}
	in.waiters = max(or(or(c.Waiters, s.waiters), defaultWaiters), 0)
	in.errFull, in.errClosed, in.errNotStarted = in.fail(ErrFull), in.fail(ErrClosed), in.fail(ErrNotStarted)
	in.errDeclined = &RefusedError{Stage: s.name, Inlet: c.Name}
	if s.tooLate(fmt.Sprintf("inlet %q", c.Name)) {
		return in
	}
	s.inlets = append(s.inlets, &in.inletCore)
	return in
}

// check reports what is wrong with the inlet; not the capacity it takes over from the stage, which the stage reports.
func (in *inletCore) check(s *stageCore) (errs []error) {
	if in.name == "" {
		errs = append(errs, errors.New("has an inlet without a name"))
	}
	if err := ring.CheckCapacity(in.capacity); err != nil && in.capacity != s.capacity {
		errs = append(errs, fmt.Errorf("inlet %q: Capacity: %w", in.name, err))
	}
	if in.nlanes < 1 || in.nlanes > maxLanes {
		errs = append(errs, fmt.Errorf("inlet %q: Lanes is %d, want 1 to %d", in.name, in.nlanes, maxLanes))
	}
	if in.nlanes > 1 && s.keyed {
		errs = append(errs, fmt.Errorf("inlet %q: Lanes is %d: a keyed stage has a lane for every shard", in.name, in.nlanes))
	}
	if in.target < 0 && in.target != s.target {
		errs = append(errs, fmt.Errorf("inlet %q: Target is %v, want 0 or more", in.name, in.target))
	}
	if in.class < 0 || in.class >= s.classes {
		errs = append(errs, fmt.Errorf("inlet %q: Class is %d, the stage has classes 0 to %d", in.name, in.class, s.classes-1))
	}
	return errs
}

// makeLanes makes the rings, and tells the stage's shards of them.
func (in *Inlet[T]) makeLanes(how sharing, book int) {
	s := in.stage
	n := in.nlanes
	if s.keyed {
		n = len(s.shards)
	}
	for i := range n {
		l := makeSource[T](&s.stageCore, how, in.capacity, book, &in.limit)
		in.lanes = append(in.lanes, l)
		sh := &s.shards[0]
		if s.keyed {
			sh = &s.shards[i]
		}
		sh.sources[in.class] = append(sh.sources[in.class], l)
	}
	in.room = in.capacity * n
	in.lines = make([]line, len(s.shards))
	per := n / len(s.shards)
	for i := range in.lines {
		in.openLine(&in.lines[i], in.lanes[i*per:(i+1)*per])
	}
}

// openLine makes the line of those who wait for room in the given lanes.
func (in *Inlet[T]) openLine(l *line, lanes []source[T]) {
	l.total, l.most, l.half = &in.waiting, in.waiters, in.capacity*len(lanes)/2
	l.sealed, l.now = lanes[0].gate.Sealed, in.stage.e.now
	l.room = func() (n int) {
		for i := range lanes {
			n += lanes[i].free()
		}
		return n
	}
}

// Submit hands v to the stage's own inlet. It waits while the ring is full, until ctx ends: see Inlet.Submit.
func (s *Stage[T]) Submit(ctx context.Context, v T) error { return s.inlet.Submit(ctx, v) }

// TrySubmit hands v to the stage's own inlet and never waits: see Inlet.TrySubmit.
func (s *Stage[T]) TrySubmit(v T) error { return s.inlet.TrySubmit(v) }

// TrySubmit hands v to the stage. It never waits and does not allocate; it costs a clock reading, a push and a fence, and a system call
// where a sleeping worker has to be woken. It does not overtake Submit calls that wait for room: while there are any the inlet is full.
// Unless it returns nil v was not accepted: ErrFull, a *RefusedError, ErrClosed, ErrNotStarted, or a *PanicError of the stage's Key or Admit.
func (in *Inlet[T]) TrySubmit(v T) error {
	shard, a, err := in.enter(v)
	if err != nil {
		return err
	}
	err = in.errFull
	if in.lines[shard].waiting.Load() == 0 {
		err = in.push(v, shard, noNote)
	}
	if err == in.errFull {
		in.refused.Add(1)
		a.giveBack(1)
	}
	return err
}

// TrySubmitBatch hands over as many events from the front of vs as fit, in order, with little more than the cost of one TrySubmit, and
// returns how many. If that is less than all of them the error says why. With several lanes one call fills one lane; in a keyed
// stage, or one with classes, deadlines or a Target, every event is pushed by itself.
func (in *Inlet[T]) TrySubmitBatch(vs []T) (int, error) {
	if !in.open.Load() {
		return 0, in.errNotStarted
	}
	if len(vs) == 0 {
		return 0, nil
	}
	s, now, may, a := in.stage, in.stage.e.now(), len(vs), in.limit.Load()
	if a != nil {
		may = in.grant(a, len(vs))
	}
	var fed sched.Set
	n, err := in.pushBatch(vs[:may], now, &fed)
	a.giveBack(may - n)
	if n > 0 {
		release.Fence()
		if len(s.shards) > 1 {
			s.activate(&fed)
		}
		s.e.signal(&s.stageCore, nil, now)
	}
	if n == len(vs) {
		return n, nil
	}
	return n, in.rest(a, n, may, len(vs), err)
}

// rest returns why only n of all events came in, of which so many might, and counts the others.
func (in *Inlet[T]) rest(a *admission, n, may, all int, err error) error {
	switch {
	case err == in.errDeclined:
		all-- // that one is counted
		in.limited.Add(uint64(all - n))
	case err != nil:
		return err
	case in.lanes[0].gate.Sealed():
		return in.errClosed
	case n == may:
		return in.refuse(a, all-n)
	default:
		err = in.errFull
	}
	in.refused.Add(uint64(all - n))
	return err
}

// pushBatch pushes from the front of vs until one does not fit, and notes into which shards.
func (in *Inlet[T]) pushBatch(vs []T, now Time, fed *sched.Set) (n int, err error) {
	if len(in.lines) == 1 && in.lines[0].waiting.Load() > 0 {
		return 0, nil
	}
	if l := in.pick(0); l.plain != nil && len(in.stage.shards) == 1 && in.stage.admit == nil {
		return l.plain.PushBatch(vs, int64(now)), nil
	}
	for _, v := range vs {
		if err := in.ask(v); err != nil {
			return n, err
		}
		shard, err := in.route(v)
		if err != nil {
			return n, err
		}
		if in.lines[shard].waiting.Load() > 0 || !in.pick(shard).push(v, in.note(noNote), now) {
			return n, nil
		}
		fed.Add(shard)
		n++
	}
	return n, nil
}

// Submit hands v to the stage. While the ring is full it waits its turn, until ctx ends; with room it does not look at ctx. Unless it returns nil v was not accepted:
// ctx's error, ErrRefused (too many are waiting already), a *RefusedError (without having waited), ErrClosed, ErrNotStarted, or a *PanicError of the
// stage's Key or Admit.
func (in *Inlet[T]) Submit(ctx context.Context, v T) error { return in.submit(ctx, v, noNote) }

func (in *Inlet[T]) submit(ctx context.Context, v T, n note) error {
	shard, a, err := in.enter(v)
	if err != nil {
		return err
	}
	err = in.errFull
	if in.lines[shard].waiting.Load() == 0 {
		err = in.push(v, shard, n)
	}
	if err == in.errFull {
		err = in.wait(ctx, v, shard, n)
	}
	if err != nil {
		a.giveBack(1)
	}
	return err
}

// enter returns the shard that v belongs into, and the limit that let it in, or why it is not accepted: before anything is spent on it.
func (in *Inlet[T]) enter(v T) (shard int, a *admission, err error) {
	if !in.open.Load() {
		return 0, nil, in.errNotStarted
	}
	if a = in.limit.Load(); a != nil && in.grant(a, 1) == 0 {
		return 0, a, in.refuse(a, 1)
	}
	if in.stage.admit != nil {
		if err = in.ask(v); err != nil {
			a.giveBack(1)
			return 0, a, err
		}
	}
	if shard, err = in.route(v); err != nil {
		a.giveBack(1)
	}
	return shard, a, err
}

// route returns the shard that v belongs into.
func (in *Inlet[T]) route(v T) (int, error) {
	if len(in.stage.shards) == 1 {
		return 0, nil
	}
	shard, err := in.stage.trySharding(v)
	if err != nil {
		err = in.fail(fmt.Errorf("key: %w", err))
	}
	return shard, err
}

// note returns what goes into the ring with an event.
func (in *Inlet[T]) note(n note) note {
	n.class = uint8(in.class)
	return in.stage.entering(n)
}

// push tries the shard's lane, or every lane, from a random one on.
func (in *Inlet[T]) push(v T, shard int, n note) error {
	s := in.stage
	l, now := in.pick(shard), s.e.now()
	if s.noted {
		n = in.note(n)
	}
	pushed := l.push(v, n, now)
	for i := 0; !pushed && in.nlanes > 1 && i < len(in.lanes); i++ {
		pushed = in.lanes[i].push(v, n, now)
	}
	if pushed {
		release.Fence()
		if len(s.shards) > 1 && !s.active.has(shard) {
			s.active.set(shard)
		}
		s.e.signal(&s.stageCore, nil, now)
		return nil
	}
	if l.gate.Sealed() {
		return in.errClosed
	}
	return in.errFull
}

func (in *Inlet[T]) pick(shard int) *source[T] {
	if in.nlanes == 1 {
		return &in.lanes[shard]
	}
	return &in.lanes[in.stage.e.random(len(in.lanes))]
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
func (in *Inlet[T]) wait(ctx context.Context, v T, shard int, n note) error {
	l := &in.lines[shard]
	w := &waiter{room: make(chan struct{}, 1)}
	if !l.join(w, false) {
		in.refused.Add(1)
		return in.fail(in.refusal())
	}
	for {
		if w.first {
			if err := in.push(v, shard, n); err != in.errFull {
				l.leave(w)
				return err
			}
		}
		if m := in.stage.e.manual; m != nil && !m.canWait(ctx, func() bool { return len(w.room) > 0 }) {
			l.leave(w)
			in.refused.Add(1)
			return in.fail(fmt.Errorf("%w: %w", ErrRefused, errStuck))
		}
		if err := in.stage.e.stand(ctx, l, w); err != nil {
			l.leave(w)
			in.refused.Add(1)
			return in.fail(err)
		}
		l.join(w, true)
	}
}

func (in *inletCore) refusal() error {
	if in.waiters == 0 {
		return fmt.Errorf("%w: full, and no call may wait", ErrRefused)
	}
	return fmt.Errorf("%w: as many calls as may (%d) wait for room", ErrRefused, in.waiters)
}

// relieve tells the calls that wait for room in the shard.
func (in *inletCore) relieve(shard int) { in.lines[shard].relieve() }

func (in *Inlet[T]) queued() (n int) {
	for i := range in.lanes {
		n += in.lanes[i].Len()
	}
	return n
}

// seal closes every lane and sends the waiting calls home.
func (in *Inlet[T]) seal() {
	for i := range in.lanes {
		in.lanes[i].gate.Seal()
	}
	for i := range in.lines {
		l := &in.lines[i]
		yield.Lock(&l.mu)
		l.tell(0)
		l.unlock()
	}
}
