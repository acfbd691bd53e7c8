package engine_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/engine"
)

// node is a stage of a random graph, and what its handler knows and checks.
type node struct {
	g        *randomGraph
	name     string
	node     engine.Node
	stage    *engine.Stage[parcel] // nil: a failure stage
	from     *node                 // of a failure stage: whose events it takes
	capacity int
	classes  int
	ordered  bool // serial or keyed
	keyed    bool
	batch    bool // has a handler of batches
	group    func(parcel) uint8
	outs     []*out

	handle      func(func(*engine.Context, parcel) error)
	handleBatch func(func(*engine.Context, []parcel) error)

	handled atomic.Uint64
	calls   *engine.Local[uint64]   // counts the same
	busy    [keys]atomic.Bool       // by group
	seen    [keys]map[stream]uint32 // by group: the last of each stream. Guarded by the order that is being tested
}

// out is an edge of a random graph.
type out struct {
	ed   *engine.Edge[parcel]
	to   *node
	id   int         // of its stream
	how  int         // handlers of batches: Emit, EmitFor or EmitBatch; mixed they would not keep order
	sent [][4]uint32 // by group and class. Guarded as node.seen is
}

func newNode(g *randomGraph, name string, s engine.Node, serial, keyed bool, groups int, group func(parcel) uint8) *node {
	n := &node{g: g, name: name, node: s, ordered: serial || keyed, keyed: keyed, group: group}
	n.calls = engine.NewLocal[uint64](s, nil)
	for i := range n.seen {
		n.seen[i] = map[stream]uint32{}
	}
	return n
}

// groupOf returns a number that events have in common that n handles in order: those with equal keys, or all. An event without a key gets here
// where there is a single shard, since nobody asks for its key.
func (n *node) groupOf(p parcel) uint8 {
	if n.keyed && p.key != noKey {
		return n.group(p)
	}
	return 0
}

func (n *node) serve() {
	if n.batch {
		n.handleBatch(n.handleMany)
	} else {
		n.handle(n.handleOne)
	}
}

var errUnlucky = errors.New("unlucky")

// handleOne is the handler for single events.
func (n *node) handleOne(c *engine.Context, p parcel) error {
	n.handled.Add(1)
	*n.calls.Get(c)++
	defer n.enter(p)()
	if n.forward(c, p, uint8(c.Class()), func(o *out, child parcel) { o.ed.Emit(c, child) }) == 0 {
		n.end(c, p)
	}
	return n.suffer(p.luck)
}

// handleMany is the handler for batches.
func (n *node) handleMany(c *engine.Context, ps []parcel) error {
	n.handled.Add(uint64(len(ps)))
	*n.calls.Get(c) += uint64(len(ps))
	luck := ps[0].luck
	for i, p := range ps {
		n.handleOf(c, i, p)
		if p.luck%31 == 0 {
			c.Fail(i, errUnlucky)
		}
	}
	return n.suffer(luck / 2)
}

// handleOf handles event i of a batch.
func (n *node) handleOf(c *engine.Context, i int, p parcel) {
	defer n.enter(p)()
	sent := n.forward(c, p, uint8(c.ClassOf(i)), func(o *out, child parcel) {
		switch o.how {
		case 0:
			o.ed.Emit(c, child)
		case 1:
			o.ed.EmitFor(c, i, child)
		default:
			o.ed.EmitBatch(c, []parcel{child})
		}
	})
	if sent == 0 {
		n.end(c, p)
	}
}

// enter checks that p comes in order, and that no other handler runs in its group until the function it returns is called.
func (n *node) enter(p parcel) (leave func()) {
	if !n.ordered {
		return func() {}
	}
	k := n.groupOf(p)
	if n.busy[k].Swap(true) {
		n.g.complain("stage %s: two events of group %d at once", n.name, k)
	}
	if s := p.stamp; s.n > 0 {
		if last := n.seen[k][s.stream]; s.n <= last {
			n.g.complain("stage %s: event %d of stream %+v after event %d", n.name, s.n, s.stream, last)
		}
		n.seen[k][s.stream] = s.n
	}
	return func() { n.busy[k].Store(false) }
}

// forward emits what is derived from p, and returns how many events that are. The first one takes over the duty to reply.
func (n *node) forward(c *engine.Context, p parcel, class uint8, emit func(*out, parcel)) (sent int) {
	if p.hops == 0 {
		return 0
	}
	for i, o := range n.outs {
		luck := mixLuck(p.luck + uint64(i))
		for range copies(luck, o.ed.MaxOut) {
			if n.g.spend.Add(-1) < 0 {
				return sent
			}
			luck = mixLuck(luck)
			child := parcel{key: p.key, hops: p.hops - 1, luck: luck}
			switch {
			case luck%211 == 0:
				child.key = noKey
			case luck%4 == 0:
				child.key = uint8(luck >> 8 % keys)
			}
			if sent++; sent == 1 {
				child.Reply = p.Reply
			}
			if o.ed.Timed || luck%37 == 0 {
				o.ed.After(c, time.Duration(luck>>30%uint64(300*time.Microsecond)), child)
				continue
			}
			if n.ordered {
				child.stamp = o.stamp(n.groupOf(p), class)
			}
			emit(o, child)
		}
	}
	if p.luck%499 == 0 && len(n.outs) > 0 {
		n.runAway(emit)
	}
	return sent
}

// tick is the event of a periodic inlet. There is no end to them, so only the first ones become more.
func (n *node) tick(now engine.Time) parcel {
	luck := mixLuck(uint64(now))
	p := parcel{key: uint8(luck >> 8 % keys), luck: luck}
	if n.g.ticks.Add(1) < 50 {
		n.g.spend.Add(eachFeed)
		p.hops = uint8(luck >> 16 % 4)
	}
	return p
}

// copies says how many events are emitted on an edge: now and then far more than MaxOut.
func copies(luck uint64, maxOut int) int {
	if luck%61 == 0 {
		return 50
	}
	return int(luck>>20) % (2*maxOut + 1)
}

// runAway emits more than one event may.
func (n *node) runAway(emit func(*out, parcel)) {
	o := n.outs[0]
	for range 1024*o.ed.MaxOut + 1 {
		emit(o, parcel{})
	}
}

// stamp returns the next place in the order of the edge.
func (o *out) stamp(group, class uint8) stamp {
	o.sent[group][class]++
	return stamp{stream{id: o.id, group: group, class: class}, o.sent[group][class]}
}

// end is for an event of which nothing is derived.
func (n *node) end(c *engine.Context, p parcel) {
	if p.luck%7 != 0 { // else nobody answers
		p.Send(c, 1)
	}
	if p.luck%13 == 0 { // as a program may: it does not wait
		d := n.g.doors[p.luck>>8%uint64(len(n.g.doors))]
		_ = d.in.TrySubmit(parcel{luck: mixLuck(p.luck)})
	}
}

// suffer ends a handler well or in one of several other ways.
func (n *node) suffer(luck uint64) error {
	switch {
	case luck%41 == 0:
		return errUnlucky
	case luck%173 == 0:
		panic(errUnlucky)
	case luck%997 == 0:
		runtime.Goexit()
	case luck%5 == 0:
		runtime.Gosched()
	case luck%47 == 0:
		for began := time.Now(); time.Since(began) < 30*time.Microsecond; {
		}
	}
	return nil
}

func (g *randomGraph) complain(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	g.wrong.CompareAndSwap(nil, &text)
}

// mixLuck is the finalizer of splitmix64.
func mixLuck(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
