package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// deciding is a policy made of a function.
type deciding func(s *sched.Snapshot, d *sched.Draft)

func (f deciding) Decide(s *sched.Snapshot, d *sched.Draft) { f(s, d) }

// policy makes a Maker of a function.
func policy(f deciding) sched.Maker {
	return func(*sched.System) (sched.Policy, error) { return f, nil }
}

// under returns c with the policy f.
func under(c engine.Config, f deciding) engine.Config {
	c.Policy = policy(f)
	return c
}

// once decides what f does one time.
func once(f deciding) deciding {
	var did sync.Once
	return func(s *sched.Snapshot, d *sched.Draft) { did.Do(func() { f(s, d) }) }
}

// decisions returns those of a kind.
func decisions(e *engine.Engine, what string) (found []engine.Decision) {
	for _, d := range e.Explain() {
		if d.What == what {
			found = append(found, d)
		}
	}
	return found
}

// steps returns how often that was decided: what follows at once is one decision of Explain.
func steps(e *engine.Engine, what string) (sum int) {
	for _, d := range decisions(e, what) {
		sum += d.Steps
	}
	return sum
}

// ticked returns when the loop has asked the policy, or would have, n times more.
func ticked(t *testing.T, e *engine.Engine, n uint64) {
	t.Helper()
	until := e.Stats().Control.Ticks + n
	eventually(t, "the loop ticks", func() bool { return e.Stats().Control.Ticks >= until })
}

// The cap of a batch holds from the next batch on, also where batches are handed over directly.
func TestBatchCap(t *testing.T) {
	for _, direct := range []bool{false, true} {
		var most atomic.Int64
		c := under(oneShared, func(_ *sched.Snapshot, d *sched.Draft) {
			d.SetBatch(0, int(most.Load()), "the test says so")
		})
		e := newEngine(t, c)
		g := newGate(t)
		first, s := engine.Add(e, stageConfig{Name: "first"}), engine.Add(e, stageConfig{Name: "s"})
		edge := engine.Connect(first, s)
		var sizes log[int]
		first.Handle(func(c *engine.Context, v int) error {
			if v < 0 {
				g.pass()
				return nil
			}
			edge.Emit(c, v)
			return nil
		})
		s.HandleBatch(func(_ *engine.Context, vs []int) error {
			if vs[0] < 0 {
				g.pass()
				return nil
			}
			sizes.add(len(vs))
			return nil
		})
		start(t, e)
		in := s
		if direct {
			in = first
		}
		run := func(want ...int) {
			t.Helper()
			require.NoError(t, in.TrySubmit(-1))
			g.wait(t)
			for v := range 12 {
				require.NoError(t, in.TrySubmit(v))
			}
			ticked(t, e, 2)
			g.out <- struct{}{}
			eventually(t, "all is handled", func() bool { return e.Stats().Stage(s2(direct)).Depth == 0 && e.Stats().Stage("s").Depth == 0 })
			got := sizes.all()
			sizes.mu.Lock()
			sizes.seen = nil
			sizes.mu.Unlock()
			require.Equal(t, want, got)
		}
		run(12)
		most.Store(5)
		run(5, 5, 2)
		require.Equal(t, 5, e.Stats().Stage("s").BatchCap)
		most.Store(0)
		run(12)
		require.Equal(t, 64, e.Stats().Stage("s").BatchCap)
		require.NotEmpty(t, decisions(e, "batch"))
		drain(t, e)
	}
}

func s2(direct bool) string {
	if direct {
		return "first"
	}
	return "s"
}

// A policy that panics loses its decision; it is asked again, and in the end no more.
func TestPolicyPanics(t *testing.T) {
	var asked atomic.Int64
	lines := new(engine.LogLines)
	c := under(oneShared, func(*sched.Snapshot, *sched.Draft) { asked.Add(1); panic("no idea") })
	c.Log = lines.Log()
	e := engine.New(c)
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	start(t, e)
	require.NoError(t, s.Submit(limited(t), 1))
	eventually(t, "it is asked", func() bool { return asked.Load() >= 3 })
	eventually(t, "panics are counted", func() bool { return e.Stats().Control.Panics >= 3 })
	require.Len(t, lines.With("policy panicked", "no idea"), 1)
	found := decisions(e, "fault")
	require.NotEmpty(t, found)
	require.Contains(t, found[0].Why, "no idea")
	drain(t, e)
	require.Zero(t, e.Stats().Control.Decisions)
}

// What cannot be put in place changes nothing, whatever else the policy decided with it.
func TestPolicyDecidesTheImpossible(t *testing.T) {
	for name, decide := range map[string]deciding{
		"a stage without a worker": func(_ *sched.Snapshot, d *sched.Draft) { d.SetServe([][]int{{}}, "") },
		"a batch beyond MaxBatch":  func(_ *sched.Snapshot, d *sched.Draft) { d.SetBatch(0, 65, "") },
		"no such rate": func(_ *sched.Snapshot, d *sched.Draft) {
			d.SetBatch(0, 5, "")
			d.SetLimit(0, sched.Limit{Rate: -1}, "")
		},
		"threads of a stage without": func(_ *sched.Snapshot, d *sched.Draft) { d.SetThreads(0, 2, "") },
	} {
		t.Run(name, func(t *testing.T) {
			lines := new(engine.LogLines)
			c := under(oneShared, decide)
			c.Log = lines.Log()
			e := engine.New(c)
			s := engine.Add(e, stageConfig{Name: "s"})
			s.Handle(ignore)
			start(t, e)
			plan := e.Stats().Plan
			require.NoError(t, s.Submit(limited(t), 1))
			eventually(t, "it is refused", func() bool { return e.Stats().Control.Refused >= 2 })
			require.Len(t, lines.With("impossible"), 1)
			st := e.Stats()
			require.Equal(t, plan, st.Plan)
			require.Equal(t, 64, st.Stage("s").BatchCap)
			require.Zero(t, st.Stage("s").Inlets[0].Rate)
			require.Zero(t, st.Control.Decisions)
			drain(t, e)
		})
	}
}

// A policy that leaves its goroutine ends the loop, and nothing else.
func TestPolicyLeavesItsGoroutine(t *testing.T) {
	lines := new(engine.LogLines)
	shut := false
	c := under(oneShared, func(_ *sched.Snapshot, d *sched.Draft) {
		if shut {
			runtime.Goexit()
		}
		shut = true
		d.SetLimit(0, sched.Limit{Depth: 1, Rate: 1e-9}, "the test says so")
	})
	c.Log = lines.Log()
	e := engine.New(c)
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	start(t, e)
	eventually(t, "it is noticed", func() bool { _ = s.TrySubmit(0); return len(lines.With("Goexit", "asked no more")) == 1 })
	eventually(t, "nobody is kept out for ever", func() bool { return s.TrySubmit(0) == nil })
	before := e.Stats().Control.Ticks
	eventually(t, "the loop goes on", func() bool { _ = s.TrySubmit(0); return e.Stats().Control.Ticks > before })
	for v := range 100 {
		require.NoError(t, s.Submit(limited(t), v))
	}
	drain(t, e)
	require.Len(t, decisions(e, "fault"), 1)
}

// A policy that does not return holds up nobody, not even the end of the engine.
func TestPolicyDoesNotReturn(t *testing.T) {
	lines := new(engine.LogLines)
	g := newGate(t)
	gone := make(chan struct{})
	c := under(oneShared, once(func(*sched.Snapshot, *sched.Draft) { g.pass(); close(gone) }))
	c.Log = lines.Log()
	e := engine.New(c)
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	start(t, e)
	g.wait(t)
	eventually(t, "the watch notices", func() bool {
		require.NoError(t, s.Submit(limited(t), 1)) // while all sleep the watch does not look
		return len(lines.With("policy has not returned: until")) == 1
	})
	drain(t, e)
	require.Len(t, lines.With("left behind"), 1)
	g.open()
	receive(t, gone)
}

// Cores that move at every tick lose nothing, and keep the order of a serial and of a keyed stage.
func TestPolicyMovesCoresAtEveryTick(t *testing.T) {
	for _, base := range []engine.Config{twoShared, twoPinned} {
		var moves atomic.Int64
		e := newEngine(t, under(base, func(s *sched.Snapshot, d *sched.Draft) {
			d.Wait(1)
			if !s.Settled {
				return
			}
			plans := [][][]int{{{0, 1, 2}, {0}}, {{1}, {0, 2}}, {{0, 2}, {1}}, {{0, 1, 2}, {0, 1, 2}}}
			d.SetServe(plans[moves.Add(1)%4], "to and fro")
		}))
		first := engine.Add(e, stageConfig{Name: "first", Serial: true})
		keyed := engine.Add(e, stageConfig{Name: "keyed", Key: func(v int) uint64 { return uint64(v % 7) }})
		last := engine.Add(e, stageConfig{Name: "last", Serial: true, Capacity: 16})
		toKeyed, toLast := engine.Connect(first, keyed), engine.Connect(keyed, last)
		var keys [7]atomic.Int64
		var seen log[int]
		first.Handle(func(c *engine.Context, v int) error { toKeyed.Emit(c, v); return nil })
		keyed.Handle(func(c *engine.Context, v int) error {
			if old := keys[v%7].Swap(int64(v)); old >= int64(v) && v >= 7 {
				return errors.New("overtaken")
			}
			toLast.Emit(c, v)
			return nil
		})
		last.Handle(func(_ *engine.Context, v int) error { seen.add(v); return nil })
		start(t, e)
		n := 0
		for ; n < engine.Shorter(20_000) || moves.Load() < 20; n++ {
			require.NoError(t, first.Submit(limited(t), n))
		}
		st := drain(t, e)
		require.Len(t, seen.all(), n)
		require.Zero(t, st.Stage("keyed").Failed)
		var latest [7]int
		for _, v := range seen.all() {
			require.GreaterOrEqual(t, v, latest[v%7])
			latest[v%7] = v
		}
		require.GreaterOrEqual(t, len(decisions(e, "cores")), 10, "all but those of no change, and one at the end")
	}
}

// All gates are shut and opened again: nothing comes in meanwhile, those who ask are told when to ask again, and their asking is what lets
// the policy open the gates of an engine in which nothing runs.
func TestGatesShutAndOpen(t *testing.T) {
	shut := sched.Limit{Depth: 1, Rate: 1e-9, Retry: 25e6}
	var open atomic.Bool
	e := newEngine(t, under(oneShared, func(_ *sched.Snapshot, d *sched.Draft) {
		l := shut
		if open.Load() {
			l = sched.Limit{}
		}
		d.SetLimit(0, l, "the test says so")
	}))
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	start(t, e)
	eventually(t, "the gate is shut", func() bool { return errors.Is(s.TrySubmit(1), engine.ErrRefused) })
	var refused *engine.RefusedError
	for name, submit := range map[string]func() error{
		"TrySubmit": func() error { return s.TrySubmit(1) },
		"Submit":    func() error { return s.Submit(context.Background(), 1) },
		"TrySubmitBatch": func() error {
			n, err := s.Inlet0().TrySubmitBatch([]int{1, 2, 3})
			require.Zero(t, n)
			return err
		},
	} {
		err := submit()
		require.ErrorIs(t, err, engine.ErrRefused, name)
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, 25*time.Millisecond, refused.RetryAfter)
		require.EqualError(t, err, "stage s, inlet submit: refused, retry after 25ms")
	}
	eventually(t, "the loop sleeps", e.ControlAsleep)
	open.Store(true)
	require.ErrorIs(t, s.TrySubmit(1), engine.ErrRefused)
	eventually(t, "the gate is open", func() bool { return e.Stats().Stage("s").Inlets[0].Depth == 0 })
	require.NoError(t, s.TrySubmit(1))
	st := drain(t, e).Stage("s").Inlets[0]
	require.GreaterOrEqual(t, st.Limited, uint64(6), "the others found the ring full, before the gate was shut")
	require.LessOrEqual(t, st.Limited, st.Refused)
}

// With gates shut the engine ends as ever, and says that it has.
func TestEndsWithGatesShut(t *testing.T) {
	for _, end := range []func(*engine.Engine) error{
		func(e *engine.Engine) error { return e.Drain(context.Background()) },
		func(e *engine.Engine) error { return e.Close() },
	} {
		e := newEngine(t, under(oneShared, func(_ *sched.Snapshot, d *sched.Draft) {
			d.SetLimit(0, sched.Limit{Depth: 1, Rate: 1e-9}, "the test says so")
		}))
		s := engine.Add(e, stageConfig{Name: "s"})
		s.Handle(ignore)
		start(t, e)
		eventually(t, "the gate is shut", func() bool { return errors.Is(s.TrySubmit(1), engine.ErrRefused) })
		if err := end(e); err != nil { // Close leaves what has not been handled
			require.ErrorAs(t, err, new(*engine.RemainsError))
		}
		before := e.Stats().Stage("s").Inlets[0].Refused
		require.ErrorIs(t, s.TrySubmit(1), engine.ErrClosed)
		_, err := s.Inlet0().TrySubmitBatch([]int{1})
		require.ErrorIs(t, err, engine.ErrClosed)
		require.Equal(t, before, e.Stats().Stage("s").Inlets[0].Refused)
	}
}

// An engine in which nothing happens asks no policy.
func TestControlSleeps(t *testing.T) {
	e := newEngine(t, under(oneShared, func(s *sched.Snapshot, d *sched.Draft) {}))
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	start(t, e)
	for v := range 5 {
		eventually(t, "the loop sleeps", e.ControlAsleep)
		before := e.Stats().Control.Ticks
		require.NoError(t, s.TrySubmit(v))
		eventually(t, "it looks", func() bool { return e.Stats().Control.Ticks > before })
	}
	drain(t, e)
}

// With Config.Assign the policy decides about everything else.
func TestPolicyKeepsAssignment(t *testing.T) {
	c := twoShared
	c.Assign = map[string][]int{"s": {1}}
	e := newEngine(t, under(c, func(_ *sched.Snapshot, d *sched.Draft) {
		d.SetServe([][]int{{0}, {}}, "it may not")
		d.SetBatch(0, 3, "it may")
	}))
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	start(t, e)
	plan := e.Stats().Plan
	eventually(t, "the batch is set", func() bool { return e.Stats().Stage("s").BatchCap == 3 })
	ticked(t, e, 2)
	require.Equal(t, plan, e.Stats().Plan)
	require.Zero(t, e.Stats().Control.Refused)
	require.Empty(t, decisions(e, "cores"))
	drain(t, e)
}

// What is wrong with the fields that policies go by is an error of Start that names the field.
func TestControlConfigErrors(t *testing.T) {
	for want, set := range map[string]func(c *engine.Config, s *stageConfig, in *engine.InletConfig){
		`stage "s": MinCores is 3, want 0 to 2`:                    func(_ *engine.Config, s *stageConfig, _ *engine.InletConfig) { s.MinCores = 3 },
		`stage "s": MaxCores is -1, want 0 or more`:                func(_ *engine.Config, s *stageConfig, _ *engine.InletConfig) { s.MaxCores = -1 },
		`stage "s": MinCores is 2, more than MaxCores, which is 1`: func(_ *engine.Config, s *stageConfig, _ *engine.InletConfig) { s.MinCores, s.MaxCores = 2, 1 },
		`stage "s": Target is -1ns, want 0 or more`:                func(_ *engine.Config, s *stageConfig, _ *engine.InletConfig) { s.Target = -1 },
		`stage "s": inlet "in": Target is -1ns, want 0 or more`:    func(_ *engine.Config, _ *stageConfig, in *engine.InletConfig) { in.Target = -1 },
		"config: Policy: no":                                       func(c *engine.Config, _ *stageConfig, _ *engine.InletConfig) { c.Policy = noPolicy },
		"config: Policy makes nil":                                 func(c *engine.Config, _ *stageConfig, _ *engine.InletConfig) { c.Policy = nilPolicy },
	} {
		c, sc, ic := twoShared, stageConfig{Name: "s"}, engine.InletConfig{Name: "in"}
		set(&c, &sc, &ic)
		e := newEngine(t, c)
		s := engine.Add(e, sc)
		s.Inlet(ic)
		s.Handle(ignore)
		require.ErrorContains(t, e.Start(context.Background()), want)
	}
}

func noPolicy(*sched.System) (sched.Policy, error)  { return nil, fmt.Errorf("no") }
func nilPolicy(*sched.System) (sched.Policy, error) { return nil, nil }
