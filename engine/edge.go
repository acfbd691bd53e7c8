package engine

import (
	"fmt"
	"sync/atomic"

	"github.com/seda-go/seda/internal/invariant"
)

// Edge leads from one stage to another and carries events of type T. Connect makes it; Full and MaxOut may be set until Start.
type Edge[T any] struct {
	// Full says what happens to events that do not fit. Default Block.
	Full Full
	// MaxOut is how many events a handler usually emits on this edge for one event, 1 to the target's capacity; default 1. It is a
	// hint: a stage behind a Block edge runs only as large a batch as the target has room for at MaxOut events each. More than
	// MaxOut are kept and delivered; more than 1,024 times MaxOut fail the event with ErrRunaway.
	MaxOut int

	edgeCore
	to  *Stage[T]
	out []outbox[T] // by worker
}

// edgeCore is the untyped half of an edge. Its fields do not change after Start.
type edgeCore struct {
	from, target *stageCore
	failure      bool // made by OnFailure
	cyclic       bool // leads back to the stage it starts from, over whatever other edges. Set by open
}

// outEdge is what a worker does with an edge whose type it does not know.
type outEdge interface {
	core() *edgeCore
	policy() (full Full, maxOut int)
	open(workers int)
	admits() bool                  // the target has room for what one event may emit
	limit(worker, batch int) int   // the largest batch, at most batch, whose outputs have room; 0 while worker has a debt here
	claim(w *worker) bool          // what the batch emitted can be handed over directly, and w has the right to run it
	handOver(w *worker) outEdge    // do so; see Stage.complete
	flush(w *worker)               // push what the batch emitted
	settle(w *worker) (moved bool) // push what an earlier flush could not
	owed(worker int) int           // events of a debt
	withdraw(worker int, seq uint64)
	stats() EdgeStats
	sweep(err error) int
}

// outbox is what one worker emitted on one edge and has not pushed yet. Only that worker touches it, but for the counters and owed,
// which it writes and others read.
type outbox[T any] struct {
	items  []T
	sent   int    // items[:sent] are pushed already
	seq    uint64 // Context.seq at the last Emit
	mark   int    // len(items) when that event began: what withdrawing it cuts back to
	limit  int    // len(items) at which that event has emitted too much
	room   int    // Fail edges: len(items) at which the ring counts as full
	credit int    // free slots of the target at the last look, less what was pushed since; others push too, so it can be too high

	entered, dropped atomic.Uint64 // events; what is owed has entered
	owed             atomic.Uint64 // events in debt
	_                [cacheLine]byte
}

// Connect makes an edge from one stage to another of the same engine. Call it before Start; what is wrong with it Start reports.
func Connect[T any](from Node, to *Stage[T]) *Edge[T] {
	ed := &Edge[T]{MaxOut: 1, to: to, edgeCore: edgeCore{from: from.core(), target: &to.stageCore}}
	ed.from.attach(ed)
	return ed
}

// Emit sends v along the edge. The event is buffered by the worker and pushed, together with the others, when the handler returns;
// Emit itself never waits. Only the handlers of the stage the edge starts from may call it, with the context they were given: on another
// stage's context the event being handled fails with ErrWrongStage, outside a handler Emit panics. If the event that is being
// handled fails, what it emitted is withdrawn.
func (ed *Edge[T]) Emit(c *Context, v T) {
	if c == nil || c.stage != ed.from || uint(c.worker) >= uint(len(ed.out)) {
		ed.misuse(c)
		return
	}
	b := &ed.out[c.worker]
	if b.seq != c.seq {
		b.begin(c, ed.MaxOut)
	}
	if len(b.items) >= b.limit {
		ed.over(c, b, 1)
		return
	}
	b.items = append(b.items, v)
}

// EmitBatch sends all of vs along the edge, as Emit would one after the other, for the price of a copy. vs may be the handler's batch; it is
// the caller's again when EmitBatch returns.
func (ed *Edge[T]) EmitBatch(c *Context, vs []T) {
	if c == nil || c.stage != ed.from || uint(c.worker) >= uint(len(ed.out)) {
		ed.misuse(c)
		return
	}
	b := &ed.out[c.worker]
	if b.seq != c.seq {
		b.begin(c, ed.MaxOut)
	}
	if len(b.items)+len(vs) > b.limit {
		ed.over(c, b, len(vs))
		return
	}
	b.items = append(b.items, vs...)
}

// begin notes where the outputs of a new event start.
func (b *outbox[T]) begin(c *Context, maxOut int) {
	b.seq = c.seq
	b.mark = len(b.items)
	b.limit = min(b.mark+runaway*maxOut*c.scope, b.room)
}

// over fails the event or batch that emitted n events more than there may be.
func (ed *Edge[T]) over(c *Context, b *outbox[T], n int) {
	if len(b.items)+n > b.room {
		c.fault(fmt.Errorf("edge %s: %w", ed.name(), ErrFull))
		return
	}
	c.fault(fmt.Errorf("edge %s: %w: limit is %d times MaxOut %d per event", ed.name(), ErrRunaway, runaway, ed.MaxOut))
}

func (ed *Edge[T]) misuse(c *Context) {
	switch {
	case c == nil || c.stage == nil:
		panic(fmt.Sprintf("engine: Emit on edge %s outside a handler", ed.name()))
	case c.stage != ed.from:
		c.fault(fmt.Errorf("stage %s, edge %s: %w", c.stage.name, ed.name(), ErrWrongStage))
	default:
		c.fault(fmt.Errorf("edge %s was connected after Start: %w", ed.name(), ErrNotStarted))
	}
}

func (ed *edgeCore) name() string { return ed.from.name + " -> " + ed.target.name }

func (ed *edgeCore) core() *edgeCore { return ed }

func (ed *Edge[T]) policy() (Full, int) { return ed.Full, ed.MaxOut }

func (ed *Edge[T]) open(workers int) {
	ed.cyclic = ed.target.reaches(ed.from, map[*stageCore]bool{})
	ed.out = make([]outbox[T], workers)
	for i := range ed.out {
		ed.out[i].room = noLimit
		ed.out[i].items = make([]T, 0, ed.usual())
	}
}

// usual is the size an outbox begins with, and comes back to after it had to grow far beyond: for one batch of outputs within reason, and
// for a whole batch of the next stage, since the two exchange buffers (handOver).
func (ed *Edge[T]) usual() int { return max(min(ed.from.maxBatch*ed.MaxOut, 4096), ed.to.maxBatch) }

func (ed *Edge[T]) admits() bool { return ed.Full != Block || ed.target.free() >= ed.MaxOut }

func (ed *Edge[T]) limit(worker, batch int) int {
	b := &ed.out[worker]
	if len(b.items) > 0 {
		return 0
	}
	if ed.Full == Drop {
		return batch
	}
	if b.credit < batch*ed.MaxOut {
		b.credit = ed.target.free()
	}
	if ed.Full == Fail {
		b.room = max(b.credit, 0)
		return batch
	}
	return min(batch, max(b.credit, 0)/ed.MaxOut)
}

func (ed *Edge[T]) flush(w *worker) {
	b := &ed.out[w.id]
	n := len(b.items)
	if n == 0 {
		return
	}
	drops := ed.Full == Drop || ed.Full == Fail && ed.cyclic // a debt on a cycle, which relies on this edge, could wait for itself
	if !drops {
		add(&b.entered, uint64(n)) // before anybody can see them done
	}
	if ed.Full != Block || !invariant.Sometimes(64) { // else a debt without need
		ed.push(w, b)
	}
	rest := len(b.items) - b.sent
	switch {
	case drops:
		add(&b.entered, uint64(n-rest))
		if rest > 0 {
			ed.drop(b)
		}
	case rest > 0:
		b.owe()
		w.debts = append(w.debts, ed)
	}
}

// claim reports whether w may run what its batch emitted as the next stage's batch, instead of pushing it: w serves that stage too, which
// is downstream; nothing waits in the ring, which would be overtaken; the batch is not too large and its outputs have room; the turn
// is not over; and, if the stage is serial, it is w's from now on.
func (ed *Edge[T]) claim(w *worker) bool {
	b, s := &ed.out[w.id], ed.to
	n := len(b.items)
	if n == 0 || n > s.maxBatch || s.id >= ed.from.id || !w.mask.Has(s.id) || w.now >= w.turnEnd {
		return false
	}
	if s.ring.Len() > 0 || w.e.plan.Load() != w.plan || invariant.Sometimes(8) {
		return false
	}
	for _, out := range s.outs {
		if out.limit(w.id, n) < n {
			return false
		}
	}
	return !s.serial || s.owner.CompareAndSwap(nobody, int32(w.id)+1)
}

// handOver runs what was emitted as a batch of the next stage. Outbox and hand exchange their buffers, so the edge can be used at once.
func (ed *Edge[T]) handOver(w *worker) outEdge {
	b, s := &ed.out[w.id], ed.to
	h := &s.hands[w.id]
	n := len(b.items)
	h.batch, b.items, h.buf = b.items, h.buf[:0], b.items[:cap(b.items)]
	h.n, h.i = n, 0
	add(&b.entered, uint64(n))
	add(&h.popped[0], uint64(n))
	add(&h.count.direct, uint64(n))
	w.enter(&s.stageCore, n)
	return s.complete(w, h)
}

func (ed *Edge[T]) settle(w *worker) (moved bool) {
	b := &ed.out[w.id]
	moved = ed.push(w, b)
	b.owe()
	return moved
}

// push moves what fits into the target's ring and reports whether that was anything. The enqueue time is the batch's end.
func (ed *Edge[T]) push(w *worker, b *outbox[T]) bool {
	n := ed.to.ring.PushBatch(b.items[b.sent:], int64(w.now))
	if n == 0 {
		return false
	}
	b.credit -= n
	b.sent += n
	w.touch(ed.target)
	if b.sent == len(b.items) {
		b.reset(ed.to.pointers)
		if cap(b.items) > 16*ed.usual() {
			b.items = make([]T, 0, ed.usual())
		}
	}
	return true
}

// reset empties the outbox and, where events hold pointers, forgets them.
func (b *outbox[T]) reset(pointers bool) {
	if pointers {
		clear(b.items)
	}
	b.items, b.sent = b.items[:0], 0
}

// owe publishes the size of the debt.
func (b *outbox[T]) owe() { b.owed.Store(uint64(len(b.items) - b.sent)) }

func (ed *Edge[T]) drop(b *outbox[T]) {
	rest := b.items[b.sent:]
	add(&b.dropped, uint64(len(rest)))
	if ed.to.losable {
		for i := range rest {
			lose(&rest[i], fmt.Errorf("edge %s: %w", ed.name(), ErrDropped))
		}
	}
	b.reset(ed.to.pointers)
}

func (ed *Edge[T]) owed(worker int) int { return int(ed.out[worker].owed.Load()) }

func (ed *Edge[T]) withdraw(worker int, seq uint64) {
	b := &ed.out[worker]
	if b.seq != seq || len(b.items) == b.mark {
		return
	}
	if ed.to.pointers {
		clear(b.items[b.mark:])
	}
	b.items = b.items[:b.mark]
}

func (ed *Edge[T]) stats() EdgeStats {
	s := EdgeStats{From: ed.from.name, To: ed.target.name, Full: ed.Full, Failure: ed.failure}
	for i := range ed.out {
		b := &ed.out[i]
		s.Entered += b.entered.Load()
		s.Dropped += b.dropped.Load()
		s.Owed += int(b.owed.Load())
	}
	s.Emitted = s.Entered + s.Dropped
	return s
}

// sweep throws away all debts once the workers are gone, and says how many events that were.
func (ed *Edge[T]) sweep(err error) (n int) {
	for i := range ed.out {
		b := &ed.out[i]
		for k := b.sent; k < len(b.items); k++ {
			lose(&b.items[k], err)
			n++
		}
		b.reset(true)
	}
	return n
}
