package engine

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// fromEnv returns a number that a longer run may set.
func fromEnv(t testing.TB, name string, otherwise int) int {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	require.NoError(t, err, name)
	return n
}

// marks has one bit for each event, to see that it came once.
type marks []atomic.Uint64

func newMarks(n int) marks { return make(marks, (n+63)/64) }

// set marks i and reports whether it was unmarked.
func (m marks) set(i int) bool {
	bit := uint64(1) << (i & 63)
	return m[i>>6].Or(bit)&bit == 0
}

func (m marks) has(i int) bool { return m[i>>6].Load()>>(i&63)&1 != 0 }

func (m marks) count() (n int) {
	for i := range m {
		n += bits.OnesCount64(m[i].Load())
	}
	return n
}

// ticket is an event of the stress graph: number n of inlet, in copy 0 or 1 behind the fan-out.
type ticket struct {
	inlet, copy uint8
	n           uint32
}

const stressInlets = 3

func (k ticket) id() int { return int(k.n)*stressInlets + int(k.inlet) }

// fate says what a handler does to an event: the same each time.
func (k ticket) fate(salt uint64) uint64 {
	x := uint64(k.id())*0x9e3779b97f4a7c15 + salt
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

var errInjected = errors.New("injected")

// stressGraph is
//
//	inlets -> entry (serial, fails some) -> order (serial)
//	                                     -> split -> work (twice, fails some) -> fails
//
// with rings so small that Block edges fill up. complaints counts what must not happen.
type stressGraph struct {
	e      *Engine
	entry  *Stage[ticket]
	inlets []*Inlet[ticket]

	entered, ordered, failed marks
	worked                   [2]marks
	lastEntry, lastOrder     [stressInlets]int64 // written by serial stages only: their workers hand them over
	complaints               atomic.Int64
}

func newStressGraph(perInlet int, c Config) *stressGraph {
	total := perInlet * stressInlets
	g := &stressGraph{e: New(c), entered: newMarks(total), ordered: newMarks(total), failed: newMarks(total)}
	g.worked = [2]marks{newMarks(total), newMarks(total)}
	for i := range stressInlets {
		g.lastEntry[i], g.lastOrder[i] = -1, -1
	}
	g.entry = Add(g.e, StageConfig[ticket]{Name: "entry", Serial: true, Capacity: 256, MaxBatch: 32})
	order := Add(g.e, StageConfig[ticket]{Name: "order", Serial: true, Capacity: 64, MaxBatch: 16})
	split := Add(g.e, StageConfig[ticket]{Name: "split", Capacity: 128})
	work := Add(g.e, StageConfig[ticket]{Name: "work", Capacity: 32})
	fails := Add(g.e, StageConfig[Failed[ticket]]{Name: "fails", Capacity: 1 << 12})
	for i := range stressInlets {
		g.inlets = append(g.inlets, g.entry.Inlet(InletConfig{Name: fmt.Sprint("in", i)}))
	}
	toOrder, toSplit, toWork := Connect(g.entry, order), Connect(g.entry, split), Connect(split, work)
	OnFailure(work, fails)

	g.entry.Handle(func(c *Context, k ticket) error {
		g.check(g.entered.set(k.id()))
		g.check(g.lastEntry[k.inlet] < int64(k.n))
		g.lastEntry[k.inlet] = int64(k.n)
		toOrder.Emit(c, k)
		toSplit.Emit(c, k)
		return inject(k.fate(1))
	})
	order.HandleBatch(func(_ *Context, ks []ticket) error {
		for _, k := range ks {
			g.check(!failsAt(k.fate(1)))
			g.check(g.ordered.set(k.id()))
			g.check(g.lastOrder[k.inlet] < int64(k.n))
			g.lastOrder[k.inlet] = int64(k.n)
		}
		return nil
	})
	split.HandleBatch(func(c *Context, ks []ticket) error {
		for _, k := range ks { // twice MaxOut: what does not fit becomes a debt
			toWork.Emit(c, ticket{k.inlet, 0, k.n})
			toWork.Emit(c, ticket{k.inlet, 1, k.n})
		}
		return nil
	})
	work.Handle(func(_ *Context, k ticket) error {
		g.check(g.worked[k.copy].set(k.id()))
		return inject(k.fate(2 + uint64(k.copy)))
	})
	fails.Handle(func(_ *Context, f Failed[ticket]) error {
		g.check(failsAt(f.Event.fate(2 + uint64(f.Event.copy))))
		if f.Event.copy == 0 {
			g.check(g.failed.set(f.Event.id()))
		}
		return nil
	})
	return g
}

func (g *stressGraph) check(ok bool) {
	if !ok {
		g.complaints.Add(1)
	}
}

func failsAt(fate uint64) bool { return fate%512 == 0 }

// inject fails one event in 512, one in 65536 by a panic.
func inject(fate uint64) error {
	if !failsAt(fate) {
		return nil
	}
	if fate>>9%128 == 0 {
		panic(errInjected)
	}
	return errInjected
}

// feed submits perInlet events to each inlet, each in another way.
func (g *stressGraph) feed(t *testing.T, perInlet int) {
	ctx := t.Context()
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := range perInlet {
			if err := g.inlets[0].Submit(ctx, ticket{inlet: 0, n: uint32(n)}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for n := 0; n < perInlet; {
			switch err := g.inlets[1].TrySubmit(ticket{inlet: 1, n: uint32(n)}); {
			case err == nil:
				n++
			case errors.Is(err, ErrFull):
				if err := g.inlets[1].Submit(ctx, ticket{inlet: 1, n: uint32(n)}); err != nil {
					t.Error(err)
					return
				}
				n++
			default:
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		var batch []ticket
		next := 0
		for next < perInlet || len(batch) > 0 {
			for next < perInlet && len(batch) < 50 {
				batch = append(batch, ticket{inlet: 2, n: uint32(next)})
				next++
			}
			n, err := g.inlets[2].TrySubmitBatch(batch)
			if errors.Is(err, ErrFull) && n == 0 {
				err = g.inlets[2].Submit(ctx, batch[0])
				n = 1
			}
			if err != nil && !errors.Is(err, ErrFull) {
				t.Error(err)
				return
			}
			batch = batch[:copy(batch, batch[n:])]
		}
	})
	wg.Wait()
}

// changePlans publishes random plans until stop is closed, and returns how many.
func changePlans(e *Engine, seed uint64, stop <-chan struct{}) (changes int) {
	r := rand.New(rand.NewPCG(seed, 1))
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return changes
		case <-tick.C:
		}
		p := sched.Plan{Serve: make([][]int, len(e.workers))}
		for s := range e.stages {
			first := r.IntN(len(e.workers))
			p.Serve[first] = append(p.Serve[first], s)
			for w := range e.workers {
				if w != first && r.IntN(2) == 0 {
					p.Serve[w] = append(p.Serve[w], s)
				}
			}
		}
		if e.apply(p) == nil {
			changes++
		}
	}
}

// Nothing is lost or doubled, and order holds where it is promised, while handlers fail and panic, rings are full, and the plan changes
// all the time. SEDA_EVENTS sets the number of events.
func TestConservationUnderStress(t *testing.T) {
	events := fromEnv(t, "SEDA_EVENTS", 1_000_000)
	for _, c := range []Config{
		{Name: "one pinned", Workers: 1, Kind: Pinned},
		{Name: "two pinned", Workers: 2, Kind: Pinned, Oversubscribe: true},
		{Name: "three pinned", Workers: 3, Kind: Pinned, Oversubscribe: true, Idle: Park},
		{Name: "two shared", Workers: 2, Kind: Shared},
	} {
		t.Run(c.Name, func(t *testing.T) { stress(t, events/4, c) })
	}
}

func stress(t *testing.T, events int, c Config) {
	seed := uint64(fromEnv(t, "TEST_SEED", int(time.Now().UnixNano()&0xffff)))
	perInlet := events / stressInlets
	c.Log = quietLog()
	g := newStressGraph(perInlet, c)
	require.NoError(t, g.e.Start(context.Background()))
	stop, changed := make(chan struct{}), make(chan int)
	go func() { changed <- changePlans(g.e, seed, stop) }()
	watch := make(chan struct{})
	go func() { // the books may lag, but never show more done than entered
		defer close(watch)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				for _, s := range g.e.Stats().Stages {
					g.check(s.Entered >= s.Completed+s.Failed)
				}
			}
		}
	}()
	began := time.Now()
	g.feed(t, perInlet)
	close(stop)
	<-watch
	changes := <-changed
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, g.e.Drain(ctx), "seed %d", seed)
	t.Logf("TEST_SEED=%d: %d events in %v, %d plans, cold wakes %d", seed, perInlet*stressInlets, time.Since(began), changes, g.e.Stats().ColdWakes)
	g.verify(t, perInlet)
}

func (g *stressGraph) verify(t *testing.T, perInlet int) {
	require.Zero(t, g.complaints.Load(), "events doubled, out of order, or seen although withdrawn")
	total := perInlet * stressInlets
	require.Equal(t, total, g.entered.count())
	passed, failedAtWork := 0, 0
	for i := range total {
		k := ticket{inlet: uint8(i % stressInlets), n: uint32(i / stressInlets)}
		pass := !failsAt(k.fate(1))
		if pass {
			passed++
			for copy := range uint8(2) {
				if failsAt(ticket{k.inlet, copy, k.n}.fate(2 + uint64(copy))) {
					failedAtWork++
				}
			}
		}
		if g.ordered.has(i) != pass || g.worked[0].has(i) != pass || g.worked[1].has(i) != pass {
			t.Fatalf("event %d of inlet %d: passed entry %v, seen by order %v, by work %v and %v", k.n, k.inlet, pass,
				g.ordered.has(i), g.worked[0].has(i), g.worked[1].has(i))
		}
	}
	s := g.e.Stats()
	checkBooks(t, s)
	require.Equal(t, uint64(total-passed), s.Stage("entry").Failed)
	require.Equal(t, uint64(2*passed), s.Stage("work").Entered)
	require.Equal(t, uint64(failedAtWork), s.Stage("work").Failed)
	require.Equal(t, uint64(failedAtWork), s.Stage("work").Edges[0].Emitted)
}

// checkBooks verifies the laws of conservation on an engine at rest.
func checkBooks(t *testing.T, s Stats) {
	t.Helper()
	into := map[string]uint64{}
	for _, st := range s.Stages {
		for _, in := range st.Inlets {
			require.Equal(t, in.Offered, in.Accepted+in.Refused, "%s/%s", st.Name, in.Name)
			into[st.Name] += in.Accepted
		}
		for _, ed := range st.Edges {
			require.Equal(t, ed.Emitted, ed.Entered+ed.Dropped, "%s -> %s", ed.From, ed.To)
			into[ed.To] += ed.Entered
		}
	}
	for _, st := range s.Stages {
		require.Equal(t, into[st.Name], st.Entered, st.Name)
		require.Equal(t, st.Entered, st.Completed+st.Failed+st.Expired, st.Name)
		require.Zero(t, st.Depth, st.Name)
	}
}
