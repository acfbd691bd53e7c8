package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// maxPending is how many After events of one edge a worker keeps at a time.
const maxPending = 1 << 16

// asked is what the batch in one hand has asked for on one edge with After. Who has the hand touches it.
type asked[T any] struct {
	items []delay[T]
	seq   uint64 // Context.seq at the last After
	mark  int    // len(items) when that event began: what withdrawing it cuts back to
	_     [cacheLine]byte
}

// delay is an event with its time and its way. The way is found when After is called, while the key function may still fail the event.
type delay[T any] struct {
	event T
	due   Time
	route
}

type route struct {
	note
	part int32 // of the target's rings
}

// later is what one worker is to emit later on one edge. Only that worker touches it, but for the atomics, which it writes and others
// read.
type later[T any] struct {
	number int32      // of the edge in timers.edges, and 1; 0: none yet
	slots  []delay[T] // events whose time has not come, by the slot in the timer
	free   []int32    // slots to use again
	ripe   []T        // events whose time has come
	routes []route    // beside ripe, where the target has notes or several rings
	sent   int        // ripe[:sent] are pushed already

	entered atomic.Uint64
	pending atomic.Uint64 // events in slots and in ripe[sent:]
	_       [cacheLine]byte
}

// timedEdge is what a worker does with the timers of an edge whose type it does not know.
type timedEdge interface {
	blocks() bool
	arm(w *worker, hand int)
	ripen(w *worker, slot int32)
	deliver(w *worker) (moved bool, rest int)
	awaitLater(w *worker)
	pending() int // events of After that are not in the target's rings yet
}

// After sends v along the edge when d has passed since Context.Now, or at once if d is not positive. Never earlier; later by what the
// worker still has in hand then, or takes to wake up. Like what is emitted, it is withdrawn if the event being handled fails, inherits
// deadline and class where Emit would, and After fails the event or panics where Emit would.
//
// The event belongs to the worker that ran the handler (for a blocking stage, the one that ended the batch), whatever plans say, and enters
// the target's books when the batch ends: it counts as the target's depth, Drain waits for it, Close discards it. On one edge and
// worker events leave in the order of their due times, equal ones in the order of the calls; they may overtake, and be overtaken by,
// what Emit sends. Full does not apply: an event that finds the target's ring full when its time has come stays pending until there is
// room, and holds no stage back meanwhile. (An edge that is only used for After should be Timed: one that blocks holds its stage back
// while the target is full, whatever it is used for.) A worker, or a blocking stage, has at most 65,536 pending events on an edge;
// beyond that the event being handled fails with ErrFull.
//
// It costs some tens of nanoseconds more than Emit, and no allocation once as many events have been pending before.
func (ed *Edge[T]) After(c *Context, d time.Duration, v T) {
	if c == nil || c.stage != ed.from || uint(c.worker) >= uint(len(ed.asked)) {
		ed.misuse(c, "After")
		return
	}
	a := &ed.asked[c.worker]
	if len(a.items)+ed.pendingFor(c) >= maxPending {
		c.fault(fmt.Errorf("edge %s: %d events are pending: %w", ed.name(), maxPending, ErrFull))
		return
	}
	what := delay[T]{event: v, due: c.now.add(max(d, 0)), route: route{note: c.note}}
	if ed.parts > 1 {
		what.part = int32(ed.partOf(v, c.note))
	}
	if a.seq != c.seq {
		a.seq, a.mark = c.seq, len(a.items)
	}
	if len(a.items) == 0 {
		c.asked = append(c.asked, ed)
	}
	a.items = append(a.items, what)
}

// pendingFor returns what counts towards maxPending for a handler.
func (ed *Edge[T]) pendingFor(c *Context) int {
	if c.w == nil {
		return ed.pending()
	}
	return int(ed.later[c.worker].pending.Load())
}

func (ed *Edge[T]) pending() (n int) {
	for i := range ed.later {
		n += int(ed.later[i].pending.Load())
	}
	return n
}

// cut takes out what the event numbered seq asked for.
func (a *asked[T]) cut(seq uint64) {
	if a.seq == seq && len(a.items) > a.mark {
		clear(a.items[a.mark:])
		a.items = a.items[:a.mark]
	}
}

// arm takes over what the batch in a hand asked for.
func (ed *Edge[T]) arm(w *worker, hand int) {
	a, l := &ed.asked[hand], &ed.later[w.id]
	if l.number == 0 {
		w.timers.edges = append(w.timers.edges, ed)
		l.number = int32(len(w.timers.edges))
	}
	add(&l.entered, uint64(len(a.items))) // before anybody can see them done
	add(&l.pending, uint64(len(a.items)))
	for _, what := range a.items {
		w.schedule(timer{due: what.due, edge: l.number - 1, slot: l.keep(what)})
	}
	clear(a.items)
	a.items, a.mark = a.items[:0], 0
}

// keep stores an event and returns its slot.
func (l *later[T]) keep(what delay[T]) int32 {
	if n := len(l.free); n > 0 {
		slot := l.free[n-1]
		l.free = l.free[:n-1]
		l.slots[slot] = what
		return slot
	}
	l.slots = append(l.slots, what)
	return int32(len(l.slots) - 1)
}

// ripen moves the event in slot, whose time has come, to those that deliver pushes.
func (ed *Edge[T]) ripen(w *worker, slot int32) {
	l := &ed.later[w.id]
	if len(l.ripe) == 0 {
		w.timers.late = append(w.timers.late, ed)
	}
	l.ripe = append(l.ripe, l.slots[slot].event)
	if ed.routed() {
		l.routes = append(l.routes, l.slots[slot].route)
	}
	l.slots[slot] = delay[T]{}
	l.free = append(l.free, slot)
}

// routed reports whether events need a route: the target has notes, or several rings.
func (ed *Edge[T]) routed() bool { return ed.parts > 1 || ed.to.noted }

// deliver pushes events whose time has come until one does not fit. What is pushed is in the ring before it is pending no more: see
// drained.
func (ed *Edge[T]) deliver(w *worker) (moved bool, rest int) {
	l := &ed.later[w.id]
	n := 0
	if ed.routed() {
		for l.sent+n < len(l.ripe) && ed.deliverTo(w, l.ripe[l.sent+n], l.routes[l.sent+n]) {
			n++
		}
	} else if n = ed.to.shards[0].rings[0].plain.PushBatch(l.ripe[l.sent:], int64(w.now)); n > 0 {
		w.touch(ed.target, 0)
	}
	if n > 0 && ed.seen != nil {
		ed.seen(l.ripe[l.sent : l.sent+n])
	}
	l.sent += n
	rest = len(l.ripe) - l.sent
	if rest <= l.sent {
		l.forget()
	}
	if n > 0 {
		yield.Point()
		l.pending.Store(l.pending.Load() - uint64(n))
	}
	return n > 0, rest
}

func (ed *Edge[T]) deliverTo(w *worker, v T, r route) bool {
	shard, class := int(r.part)/ed.to.classes, int(r.part)%ed.to.classes
	if !ed.to.shards[shard].rings[class].push(v, ed.target.entering(r.note), w.now) {
		return false
	}
	w.touch(ed.target, shard)
	return true
}

// awaitLater announces in the target that w wants room for the next event.
func (ed *Edge[T]) awaitLater(w *worker) {
	class := 0
	if l := &ed.later[w.id]; ed.parts > 1 {
		class = int(l.routes[l.sent].part) % ed.to.classes
	}
	ed.target.waiting[class].set(w.id)
}

// forget moves what is left to the front: with events that come as fast as they go there is always some. It is called when that is the
// smaller part, so that an event moves once on average at most.
func (l *later[T]) forget() {
	rest := copy(l.ripe, l.ripe[l.sent:])
	clear(l.ripe[rest:])
	l.ripe = l.ripe[:rest]
	if len(l.routes) > 0 {
		l.routes = l.routes[:copy(l.routes, l.routes[l.sent:])]
	}
	l.sent = 0
}

// discard throws away all pending events of a worker that is gone. Its wheel is empty: see endTimers.
func (l *later[T]) discard(err error) (n int) {
	for i := l.sent; i < len(l.ripe); i++ {
		lose(&l.ripe[i], err)
		n++
	}
	l.ripe, l.routes, l.sent = nil, nil, 0
	return n
}
