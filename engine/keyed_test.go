package engine_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// keyedEvent is the n-th event with its key of one source.
type keyedEvent struct {
	source, key, n int
}

func keyOf(v keyedEvent) uint64 { return uint64(v.key) }

// keyedLedger checks that the events of a key are handled one after the other and in order.
type keyedLedger struct {
	t    *testing.T
	busy []atomic.Bool // by key
	next [][]int       // by source and key; guarded by the order that is being tested, and seen by the race detector
}

func newKeyedLedger(t *testing.T, sources, keys int) *keyedLedger {
	l := &keyedLedger{t: t, busy: make([]atomic.Bool, keys), next: make([][]int, sources)}
	for i := range l.next {
		l.next[i] = make([]int, keys)
	}
	return l
}

var errOrder = errors.New("order of a key lost")

func (l *keyedLedger) handle(v keyedEvent) error {
	if l.busy[v.key].Swap(true) {
		return errOrder
	}
	defer l.busy[v.key].Store(false)
	if l.next[v.source][v.key] != v.n {
		return errOrder
	}
	l.next[v.source][v.key]++
	return nil
}

// Each key's events are handled in order, one at a time, while shards move between workers and plans change, from inlets and over edges.
func TestKeyedOrder(t *testing.T) {
	const sources, keys, events = 3, 50, 20_000
	for _, c := range []engine.Config{oneShared, twoShared, onePinned, twoPinned, {Workers: 4, Kind: engine.Shared}} {
		t.Run(c.Kind.String(), func(t *testing.T) {
			e := newEngine(t, c)
			cfg := engine.StageConfig[keyedEvent]{Capacity: 32, MaxBatch: 8, Key: keyOf}
			cfg.Name = "first"
			first := engine.Add(e, cfg)
			cfg.Name, cfg.Shards = "second", 8
			second := engine.Add(e, cfg)
			cfg.Name, cfg.Shards, cfg.Key, cfg.Serial = "last", 0, nil, true
			last := engine.Add(e, cfg)
			toSecond, toLast := engine.Connect(first, second), engine.Connect(second, last)
			var ledgers [3]*keyedLedger
			for i := range ledgers {
				ledgers[i] = newKeyedLedger(t, sources, keys)
			}
			first.Handle(func(c *engine.Context, v keyedEvent) error { toSecond.Emit(c, v); return ledgers[0].handle(v) })
			second.HandleBatch(func(c *engine.Context, vs []keyedEvent) error {
				for _, v := range vs {
					if err := ledgers[1].handle(v); err != nil {
						return err
					}
				}
				toLast.EmitBatch(c, vs)
				return nil
			})
			last.Handle(func(_ *engine.Context, v keyedEvent) error { return ledgers[2].handle(v) })
			var inlets []*engine.Inlet[keyedEvent]
			for i := range sources {
				inlets = append(inlets, first.Inlet(engine.InletConfig{Name: string(rune('a' + i))}))
			}
			start(t, e)
			stop, stopped := make(chan struct{}), make(chan struct{})
			go changePlans(e, []string{"first", "second", "last"}, stop, stopped)
			var wg sync.WaitGroup
			for i, in := range inlets {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(uint64(i), 1))
					sent := make([]int, keys)
					for range events {
						k := int(random.ExpFloat64()*keys/8) % keys // some keys much hotter than others
						if in.Submit(limited(t), keyedEvent{i, k, sent[k]}) != nil {
							return
						}
						sent[k]++
					}
				})
			}
			wg.Wait()
			close(stop)
			<-stopped
			s := drain(t, e)
			for _, name := range []string{"first", "second", "last"} {
				require.EqualValues(t, sources*events, s.Stage(name).Completed, name)
			}
		})
	}
}

// changePlans gives stages to other workers until it is stopped.
func changePlans(e *engine.Engine, stages []string, stop <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	workers := len(e.Stats().Workers)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		plan := map[string][]int{}
		for k, s := range stages {
			plan[s] = []int{(i + k) % workers}
			if (i+k)%3 == 0 {
				plan[s] = append(plan[s], (i+k+1)%workers)
			}
			if len(plan[s]) == 2 && plan[s][0] == plan[s][1] {
				plan[s] = plan[s][:1]
			}
		}
		_ = e.Apply(plan) // refused while the last one is in transition
	}
}

// Different shards are run by different workers at the same time, the same one is not.
func TestKeyedShardsRunSideBySide(t *testing.T) {
	e := newEngine(t, twoShared)
	first, second := newGate(t), newGate(t)
	s := engine.Add(e, engine.StageConfig[int]{Name: "s", MaxBatch: 1, Key: func(v int) uint64 { return uint64(v) }})
	s.Handle(func(_ *engine.Context, v int) error {
		if v == 0 {
			first.pass()
		} else {
			second.pass()
		}
		return nil
	})
	start(t, e)
	other := 1
	for s.ShardOf(other) == s.ShardOf(0) {
		other++
	}
	require.NoError(t, s.TrySubmit(0))
	require.NoError(t, s.TrySubmit(0))
	first.wait(t)
	require.NoError(t, s.TrySubmit(other))
	second.wait(t)
	require.NotZero(t, s.Owner(s.ShardOf(0)))
	require.NotZero(t, s.Owner(s.ShardOf(other)))
	second.open()
	eventually(t, "one worker has nothing to do", func() bool { return e.Asleep(0) || e.Asleep(1) })
	require.Equal(t, 2, e.Stats().Stage("s").Depth) // the second event of the first key waits all the same
	first.next(t)
	first.open()
	drain(t, e)
}

// A key whose shard is full holds back those who send that key, and nobody else.
func TestKeyedFullShard(t *testing.T) {
	e := newEngine(t, twoShared)
	g := newGate(t)
	s := engine.Add(e, engine.StageConfig[int]{Name: "s", Capacity: 2, MaxBatch: 1, Key: func(v int) uint64 { return uint64(v) }})
	s.Handle(func(_ *engine.Context, v int) error {
		if v == 0 {
			g.pass()
		}
		return nil
	})
	start(t, e)
	other := 1
	for s.ShardOf(other) == s.ShardOf(0) {
		other++
	}
	require.NoError(t, s.TrySubmit(0))
	g.wait(t)
	require.NoError(t, s.TrySubmit(0))
	require.NoError(t, s.TrySubmit(0))
	require.ErrorIs(t, s.TrySubmit(0), engine.ErrFull)
	waiting := async(func() error { return s.Submit(limited(t), 0) })
	eventually(t, "a call waits", func() bool { return e.Stats().Stage("s").Inlets[0].Waiting == 1 })
	for range 100 {
		require.NoError(t, s.Submit(limited(t), other))
	}
	eventually(t, "only the first key's events are left", func() bool { return e.Stats().Stage("s").Depth == 3 })
	n, err := s.Inlet0().TrySubmitBatch([]int{other, 0, other})
	require.Equal(t, 1, n)
	require.ErrorIs(t, err, engine.ErrFull)
	g.open()
	require.NoError(t, receive(t, waiting))
	st := drain(t, e)
	require.EqualValues(t, 105, st.Stage("s").Completed)
}

// A key that panics is the sender's error: of the call, or of the event whose handler emits.
func TestKeyPanics(t *testing.T) {
	e := newEngine(t, twoShared)
	key := func(v int) uint64 {
		if v < 0 {
			panic("no key")
		}
		return uint64(v)
	}
	a := engine.Add(e, engine.StageConfig[int]{Name: "a"})
	b := engine.Add(e, engine.StageConfig[int]{Name: "b", Key: key})
	failed := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "failed", Key: func(f engine.Failed[int]) uint64 {
		if f.Event == -2 {
			panic(f.Err)
		}
		return uint64(f.Event)
	}})
	edge := engine.Connect(a, b)
	engine.OnFailure(a, failed)
	a.Handle(func(c *engine.Context, v int) error { edge.Emit(c, 1); edge.Emit(c, v); return nil })
	b.Handle(ignore[int])
	var errs log[error]
	failed.Handle(func(_ *engine.Context, f engine.Failed[int]) error { errs.add(f.Err); return nil })
	start(t, e)
	var p *engine.PanicError
	require.ErrorAs(t, b.TrySubmit(-1), &p)
	require.Equal(t, "no key", p.Value)
	require.ErrorAs(t, b.Submit(limited(t), -1), &p)
	n, err := b.Inlet0().TrySubmitBatch([]int{1, -1, 2})
	require.Equal(t, 1, n)
	require.ErrorAs(t, err, &p)
	for _, v := range []int{1, -1, -2} {
		require.NoError(t, a.Submit(limited(t), v))
	}
	s := drain(t, e)
	require.EqualValues(t, 2, s.Stage("a").Failed)
	require.EqualValues(t, 3, s.Stage("b").Completed) // one by TrySubmitBatch, two of the event that did not fail
	require.EqualValues(t, 1, s.Stage("a").Edges[1].Dropped)
	require.Len(t, errs.all(), 1)
	require.ErrorAs(t, errs.all()[0], &p)
}

func TestKeyedConfig(t *testing.T) {
	key := func(int) uint64 { return 0 }
	for want, c := range map[string]engine.StageConfig[int]{
		"is Serial and has a Key":                           {Key: key, Serial: true},
		"Shards is 4, but there is no Key":                  {Shards: 4},
		"Shards is 3, want a power of two up to 256":        {Key: key, Shards: 3},
		"Shards is 512, want a power of two up to 256":      {Key: key, Shards: 512},
		"Shards is -4, want a power of two up to 256":       {Key: key, Shards: -4},
		"Classes is 5, want 1 to 4":                         {Classes: 5},
		"Classes is -1, want 1 to 4":                        {Classes: -1},
		"MaxAge is -1ns, want 0 or more":                    {MaxAge: -1},
		`inlet "lanes": Lanes is 2: a keyed stage has a la`: {Key: key},
		`inlet "lanes": Class is 1, the stage has classes`:  {},
	} {
		e := newEngine(t, oneShared)
		c.Name = "s"
		s := engine.Add(e, c)
		s.Handle(ignore[int])
		s.Inlet(engine.InletConfig{Name: "lanes", Lanes: 2, Class: 1})
		require.ErrorContains(t, e.Start(t.Context()), want)
	}
}

// The number of shards follows the workers, and what is asked for.
func TestShardCount(t *testing.T) {
	for _, c := range []struct{ workers, asked, want int }{{1, 0, 1}, {1, 8, 1}, {2, 0, 8}, {3, 0, 16}, {2, 1, 1}, {2, 256, 256}, {100, 0, 256}} {
		e := newEngine(t, engine.Config{Workers: c.workers, Kind: engine.Shared})
		s := engine.Add(e, engine.StageConfig[int]{Name: "s", Capacity: 2, Key: func(v int) uint64 { return uint64(v) }, Shards: c.asked})
		s.Handle(ignore[int])
		start(t, e)
		require.Equal(t, c.want, s.Shards(), c)
		for v := range 1000 {
			require.NoError(t, s.Submit(limited(t), v))
		}
		drain(t, e)
	}
}

// State of a keyed stage belongs to the shard, wherever it is run; that of another stage to the worker.
func TestLocal(t *testing.T) {
	const keys, events = 40, 20_000
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		keyed := engine.Add(e, engine.StageConfig[int]{Name: "keyed", MaxBatch: 4, Key: func(v int) uint64 { return engine.Hash(v % keys) }})
		plain := engine.Add(e, engine.StageConfig[int]{Name: "plain"})
		edge := engine.Connect(keyed, plain)
		counts := engine.NewLocal(keyed, func() map[int]int { return map[int]int{} })
		sums := engine.NewLocal[int](plain, nil)
		keyed.Handle(func(c *engine.Context, v int) error {
			seen := *counts.Get(c)
			if seen[v%keys] != v/keys {
				return errOrder
			}
			seen[v%keys]++
			edge.Emit(c, v)
			return nil
		})
		plain.HandleBatch(func(c *engine.Context, vs []int) error { *sums.Get(c) += len(vs); return nil })
		start(t, e)
		for v := range events {
			require.NoError(t, keyed.Submit(limited(t), v))
		}
		s := drain(t, e)
		require.Zero(t, s.Stage("keyed").Failed)
		seen := map[int]int{}
		for m := range counts.All() {
			for k, n := range *m {
				require.Zero(t, seen[k], "key %d in two shards", k)
				seen[k] = n
			}
		}
		require.Len(t, seen, keys)
		total := 0
		for n := range sums.All() {
			total += *n
		}
		require.Equal(t, events, total)
	}
}

func TestLocalMisuse(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, engine.StageConfig[int]{Name: "a"})
	b := engine.Add(e, engine.StageConfig[int]{Name: "b"})
	ofB := engine.NewLocal[int](b, nil)
	a.Handle(func(c *engine.Context, _ int) error { ofB.Get(c); return nil })
	b.Handle(ignore[int])
	failed := failures(e, a)
	start(t, e)
	require.NoError(t, a.Submit(limited(t), 1))
	drain(t, e)
	require.Len(t, failed.all(), 1)
	require.ErrorContains(t, failed.all()[0].Err, "local state of stage b outside its handler")
	require.Panics(t, func() { ofB.Get(nil) })
}
