package engine

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/seda-go/seda/sched"
)

// Edge leads from one stage to another and carries events of type T. Connect makes it; its fields may be set until Start.
type Edge[T any] struct {
	// Full says what happens to events that do not fit. Default Block.
	Full Full
	// MaxOut is how many events a handler usually emits on this edge for one event, 1 to the target's capacity; default 1. It is a
	// hint: a stage behind a Block edge runs only as large a batch as the target has room for at MaxOut events each. More than
	// MaxOut are kept and delivered; more than 1,024 times MaxOut fail the event with ErrRunaway.
	MaxOut int
	// Timed says that handlers use After only: Emit fails the event with ErrTimed. Such an edge never holds back the stage it starts
	// from, so it may close a cycle.
	Timed bool

	edgeCore
	to    *Stage[T]
	out   []outbox[T] // by hand, and then by part of the target: see box
	parts int         // rings of the target: shards times classes
	asked []asked[T]  // by hand
	later []later[T]  // by worker
	seen  func([]T)   // for enginetest: is shown what enters the target. nil in programs
}

// edgeCore is the untyped half of an edge. Its fields do not change after Start.
type edgeCore struct {
	from, target *stageCore
	failure      bool // made by OnFailure
	cyclic       bool // leads back to the stage it starts from, over whatever other edges. Set by open
}

// outEdge is what a worker does with an edge whose type it does not know.
type outEdge interface {
	timedEdge
	core() *edgeCore
	policy() (full Full, maxOut int)
	open(hands int)
	admits() bool                            // the target has room for what one event may emit, as far as can be told before it is emitted
	limit(hand, batch int) int               // the largest batch, at most batch, whose outputs have room; 0 while the hand has a debt here
	claim(w *worker) bool                    // what the batch emitted can be handed over directly, and w has the right to run it
	handOver(w *worker) outEdge              // do so; see Stage.complete
	flush(w *worker, hand int)               // push what the batch emitted
	settle(w *worker, hand int) (moved bool) // push what an earlier flush could not
	owed(hand int) int                       // events of a debt
	owedByAll() int
	await(w *worker, hand int) // announce in the target that w wants room
	withdraw(hand int, seq uint64)
	stats() EdgeStats
	hands() int
	enter(t *table, rest sched.Set) uint64
	sweep(err error) int
	tap(seen any)
}

// Connect makes an edge from one stage to another of the same engine. Call it before Start; what is wrong with it Start reports, also that
// one of the stages is nil.
func Connect[T any](from Node, to *Stage[T]) *Edge[T] {
	ed := &Edge[T]{MaxOut: 1, to: to}
	switch absent := missing(from); {
	case absent && to == nil:
		panic("engine: Connect of two stages that are nil")
	case absent:
		ed.from, ed.target = nowhere, &to.stageCore
		to.flaw(errors.New("is connected from a stage that is nil"))
	case to == nil:
		ed.from, ed.target = from.core(), nowhere
		ed.from.flaw(errors.New("is connected to a stage that is nil"))
	default:
		ed.from, ed.target = from.core(), &to.stageCore
		ed.from.attach(ed)
	}
	return ed
}

// nowhere stands at the missing end of an edge, whose engine does not start.
var nowhere = &stageCore{name: "nil"}

// missing reports whether there is no stage in n.
func missing(n Node) bool {
	v := reflect.ValueOf(n)
	return n == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// Emit sends v along the edge. The event is buffered by the worker and pushed, together with the others, when the handler returns;
// Emit itself never waits. Only the handlers of the stage the edge starts from may call it, with the context they were given: on another
// stage's context the event being handled fails with ErrWrongStage, outside a handler Emit panics. If the event that is being
// handled fails, what it emitted is withdrawn.
func (ed *Edge[T]) Emit(c *Context, v T) {
	if c == nil || c.stage != ed.from || uint(c.worker) >= uint(len(ed.out)) {
		ed.misuse(c, "Emit")
		return
	}
	if ed.parts != 1 || ed.to.noted {
		ed.route(c, v, c.note)
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

// EmitFor is Emit for a handler of batches: it says that v comes of event i of the batch, so that v inherits that event's deadline and class.
// What Emit and EmitBatch send in a handler of batches has no deadline and class 0; in a handler for single events all three
// inherit. EmitFor costs nothing more where neither stage declares deadlines or classes.
func (ed *Edge[T]) EmitFor(c *Context, i int, v T) {
	if c != nil && c.stage == ed.from && uint(i) >= uint(c.scope) {
		c.fault(fmt.Errorf("edge %s: EmitFor(%d) in a batch of %d", ed.name(), i, c.scope))
		return
	}
	if c == nil || c.notes == nil || c.stage != ed.from || len(ed.out) == 0 {
		ed.Emit(c, v) // which says what is wrong, or there is no note
		return
	}
	ed.route(c, v, c.notes[i])
}

// EmitBatch sends all of vs along the edge, as Emit would one after the other, for the price of a copy. vs may be the handler's batch; it is
// the caller's again when EmitBatch returns.
func (ed *Edge[T]) EmitBatch(c *Context, vs []T) {
	if c == nil || c.stage != ed.from || uint(c.worker) >= uint(len(ed.out)) {
		ed.misuse(c, "Emit")
		return
	}
	if ed.parts != 1 || ed.to.noted {
		for i := range vs {
			ed.route(c, vs[i], c.note)
		}
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

// over fails the event or batch that emitted n events more than there may be.
func (ed *Edge[T]) over(c *Context, b *outbox[T], n int) {
	switch {
	case ed.Timed:
		c.fault(fmt.Errorf("edge %s: %w", ed.name(), ErrTimed))
	case len(b.items)+n > b.room:
		c.fault(fmt.Errorf("edge %s: %w", ed.name(), ErrFull))
	default:
		c.fault(fmt.Errorf("edge %s: %w: limit is %d times MaxOut %d per event", ed.name(), ErrRunaway, runaway, ed.MaxOut))
	}
}

func (ed *Edge[T]) misuse(c *Context, method string) {
	switch {
	case c == nil || c.stage == nil:
		panic(fmt.Sprintf("engine: %s on edge %s outside a handler", method, ed.name()))
	case c.stage != ed.from:
		c.fault(fmt.Errorf("stage %s, edge %s: %w", c.stage.name, ed.name(), ErrWrongStage))
	default:
		c.fault(fmt.Errorf("edge %s was connected after Start: %w", ed.name(), ErrNotStarted))
	}
}

func (ed *edgeCore) name() string { return ed.from.name + " -> " + ed.target.name }

func (ed *edgeCore) core() *edgeCore { return ed }

func (ed *Edge[T]) policy() (Full, int) { return ed.Full, ed.MaxOut }

func (ed *Edge[T]) tap(seen any) { ed.seen = seen.(func([]T)) }

// blocks reports whether the edge holds its stage back when the target is full.
func (ed *Edge[T]) blocks() bool { return ed.Full == Block && !ed.Timed }
