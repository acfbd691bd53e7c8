package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// randomGraph is a graph made of a seed: stages of every kind with tiny rings, blocking edges forward, edges that drop or fail in any
// direction, timed and failure edges. Its handlers fail, panic, leave their goroutine and emit more than MaxOut, as each event says.
type randomGraph struct {
	e      *engine.Engine
	r      *rand.Rand // of whoever makes and feeds the graph
	nodes  []*node
	doors  []*door
	about  strings.Builder
	spend  atomic.Int64           // events that handlers may still emit: each one that is fed brings some
	ticks  atomic.Int64           // events of periodic inlets
	wrong  atomic.Pointer[string] // the first thing that went wrong in a handler
	size   graphSize
	orders int // streams of events whose order is checked
}

// graphSize bounds what is made at random.
type graphSize struct {
	stages   int // 2 to so many, failure stages not counted
	capacity int // 2 to so many slots, a power of two
	maxAge   time.Duration
}

var tiny = graphSize{stages: 8, capacity: 16, maxAge: 400 * time.Microsecond}

// parcel is an event of a random graph. What happens to it, and to what is derived from it, is decided by luck.
type parcel struct {
	engine.Reply[int]
	stamp stamp
	key   uint8
	hops  uint8
	luck  uint64
}

// stamp is a place in a stream of events that have to be handled in order where they come to a serial stage, or with equal keys to a keyed one.
// Number 0 is without order.
type stamp struct {
	stream
	n uint32
}

type stream struct {
	id    int   // of an inlet, or of an edge from a serial or keyed stage
	group uint8 // of the sending stage: events that it handles one after the other
	class uint8 // in the sending stage
	via   uint8 // 1 + the group in the failing stage, if the event came by a failure edge
}

const (
	keys     = 6
	noKey    = 255 // its key functions panic
	eachFeed = 20  // events that one that is fed may become
)

func makeRandomGraph(seed uint64, workers int, size graphSize) *randomGraph {
	g := &randomGraph{r: rand.New(rand.NewPCG(seed, 0)), size: size}
	c := g.config(workers)
	name := sched.Names()[seed%uint64(len(sched.Names()))] // not by g.r: the graph of a seed is the same whatever policies there are
	c.Policy, _ = sched.Find(name)
	g.e = engine.New(c)
	fmt.Fprintf(&g.about, "%d %v %v workers under %s, seed %d", c.Workers, c.Kind, c.Idle, name, seed)
	n := 2 + g.r.IntN(size.stages-1)
	for i := range n {
		g.nodes = append(g.nodes, g.stage(fmt.Sprint(i)))
	}
	for _, s := range g.nodes[:n] {
		if g.r.IntN(3) == 0 {
			g.nodes = append(g.nodes, g.failureStage(s))
		}
	}
	for i, s := range g.nodes {
		s.connect(i, n)
	}
	for _, s := range g.nodes {
		s.serve()
	}
	return g
}

func (g *randomGraph) config(workers int) engine.Config {
	c := engine.Config{Workers: workers, Kind: engine.Shared, Oversubscribe: true, Log: silent()}
	if g.one(4) {
		c.Kind, c.Idle = engine.Pinned, []engine.Idle{engine.Adaptive, engine.Park, engine.Spin}[g.r.IntN(3)]
	}
	return c
}

// one reports true once in n calls.
func (g *randomGraph) one(n int) bool { return g.r.IntN(n) == 0 }

// power returns a power of two up to most, which is one as well.
func (g *randomGraph) power(least, most int) int {
	n := least
	for n < most && !g.one(3) {
		n *= 2
	}
	return n
}

// shape is what stages of parcels and failure stages have in common.
func shape[T any](g *randomGraph, name string, key func(T) uint64) engine.StageConfig[T] {
	c := engine.StageConfig[T]{Name: name, Capacity: g.power(2, g.size.capacity)}
	c.MaxBatch = 1 + g.r.IntN(c.Capacity)
	if g.one(5) {
		c.Blocking = 1 + g.r.IntN(4)
	}
	switch g.r.IntN(3) {
	case 0:
		c.Serial = true
	case 1:
		c.Key = key
		c.Shards = []int{0, 1, 2, 8, 32}[g.r.IntN(5)]
	}
	if g.one(4) {
		c.Classes = 1 + g.r.IntN(4)
	}
	if g.one(6) {
		c.MaxAge = time.Duration(1 + g.r.Int64N(int64(g.size.maxAge)))
	}
	c.Deadlines = g.one(5)
	c.Waiters = []int{0, 0, -1, 1, 3}[g.r.IntN(5)]
	fmt.Fprintf(&g.about, "\n  stage %s: capacity %d, batch %d, blocking %d, serial %v, keyed %v with %d shards, %d classes, age %v, deadlines %v, waiters %d",
		name, c.Capacity, c.MaxBatch, c.Blocking, c.Serial, c.Key != nil, c.Shards, c.Classes, c.MaxAge, c.Deadlines, c.Waiters)
	return c
}

// keyFunc returns a function that tells up to keys groups apart.
func (g *randomGraph) keyFunc() (groups int, group func(parcel) uint8) {
	groups = 1 + g.r.IntN(keys)
	return groups, func(p parcel) uint8 {
		if p.key == noKey {
			panic("no key")
		}
		return p.key % uint8(groups)
	}
}

func (g *randomGraph) stage(name string) *node {
	groups, group := g.keyFunc()
	c := shape(g, name, func(p parcel) uint64 { return uint64(group(p)) })
	s := engine.Add(g.e, c)
	n := newNode(g, name, s, c.Serial, c.Key != nil, groups, group)
	n.capacity, n.classes = c.Capacity, max(c.Classes, 1)
	n.batch = g.one(3)
	n.handle, n.handleBatch, n.stage = s.Handle, s.HandleBatch, s
	n.door(s.Inlet0(), 0, false)
	if g.one(10) {
		s.Every(time.Duration(200+g.r.IntN(800))*time.Microsecond, n.tick)
		g.about.WriteString(" and ticks")
	}
	for i := range g.r.IntN(3) {
		ic := engine.InletConfig{Name: fmt.Sprint("in", i), Capacity: g.power(2, g.size.capacity), Class: g.r.IntN(n.classes)}
		if c.Key == nil && g.one(4) {
			ic.Lanes = 2
		}
		n.door(s.Inlet(ic), ic.Class, ic.Lanes < 2)
	}
	return n
}

// failureStage adds a stage for what fails in from, which goes on with the events as any other stage does.
func (g *randomGraph) failureStage(from *node) *node {
	groups, group := g.keyFunc()
	name := from.name + " failed"
	c := shape(g, name, func(f engine.Failed[parcel]) uint64 { return uint64(group(f.Event)) })
	s := engine.Add(g.e, c)
	engine.OnFailure(from.stage, s)
	n := newNode(g, name, s, c.Serial, c.Key != nil, groups, group)
	n.capacity, n.classes, n.from = c.Capacity, max(c.Classes, 1), from
	n.handle = func(h func(*engine.Context, parcel) error) {
		s.Handle(func(c *engine.Context, f engine.Failed[parcel]) error { return h(c, n.arrived(f)) })
	}
	return n
}

// arrived turns the stamp of an event that failed into one of the failure edge, over which events come in the order they were handled.
func (n *node) arrived(f engine.Failed[parcel]) parcel {
	p := f.Event
	if n.from.ordered {
		p.stamp.via = 1 + n.from.groupOf(p)
	} else {
		p.stamp.n = 0
	}
	return p
}

// connect adds up to three edges to stages of parcels, of which there are so many.
func (n *node) connect(i, stages int) {
	g := n.g
	for range g.r.IntN(4) {
		k, full, timed := g.r.IntN(stages), engine.Full(g.r.IntN(3)), g.one(6)
		if k <= i && full == engine.Block && n.from == nil && !timed { // behind a failure edge, which never blocks, any cycle will do
			full = engine.Drop + engine.Full(g.r.IntN(2))
		}
		to := g.nodes[k]
		ed := engine.Connect(n.node, to.stage)
		ed.Full, ed.MaxOut, ed.Timed = full, 1+g.r.IntN(min(3, to.capacity)), timed
		g.orders++
		n.outs = append(n.outs, &out{ed: ed, to: to, id: g.orders, how: g.r.IntN(3), sent: make([][4]uint32, keys)})
		fmt.Fprintf(&g.about, "\n  edge %s -%v*%d-> %d, timed %v", n.name, full, ed.MaxOut, k, timed)
	}
}

// randomPlan gives each stage at least one worker.
func (g *randomGraph) randomPlan(r *rand.Rand, workers int) map[string][]int {
	plan := map[string][]int{}
	for _, n := range g.nodes {
		plan[n.name] = r.Perm(workers)[:1+r.IntN(workers)]
	}
	return plan
}

// verify checks what must hold when nothing is left.
func (g *randomGraph) verify(t testing.TB) {
	t.Helper()
	if wrong := g.wrong.Load(); wrong != nil {
		require.FailNow(t, *wrong)
	}
	s := g.e.Stats()
	for _, n := range g.nodes {
		st, calls := s.Stage(n.name), uint64(0)
		for c := range n.calls.All() {
			calls += *c
		}
		require.Equal(t, st.Completed+st.Failed, n.handled.Load(), "events that the handler of stage %s has seen", n.name)
		require.Equal(t, n.handled.Load(), calls, "state of stage %s was changed by two handlers at once", n.name)
	}
}
