package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// mixed is a graph in which everything that can become of an event does: it completes, fails, panics, is dropped, refused, withdrawn.
type mixed struct {
	e      *engine.Engine
	in     *engine.Stage[int]
	wide   *engine.Inlet[int]
	ending sync.WaitGroup
}

func newMixed(t *testing.T, c engine.Config) *mixed {
	m := &mixed{e: newEngine(t, c)}
	m.in = engine.Add(m.e, stageConfig{Name: "in", Capacity: 64, Waiters: 1})
	m.wide = m.in.Inlet(engine.InletConfig{Name: "wide", Lanes: 4, Capacity: 8})
	twice := engine.Add(m.e, stageConfig{Name: "twice", Capacity: 8, Serial: true})
	lossy := engine.Add(m.e, stageConfig{Name: "lossy", Capacity: 4})
	strict := engine.Add(m.e, stageConfig{Name: "strict", Capacity: 4})
	bad := engine.Add(m.e, engine.StageConfig[engine.Failed[int]]{Name: "bad", Capacity: 4})
	toTwice, toLossy, toStrict := engine.Connect(m.in, twice), engine.Connect(twice, lossy), engine.Connect(twice, strict)
	toLossy.Full, toStrict.Full = engine.Drop, engine.Fail
	engine.OnFailure(m.in, bad)
	m.in.Handle(func(c *engine.Context, v int) error {
		toTwice.Emit(c, v)
		switch v % 11 {
		case 3:
			return errBroken
		case 5:
			panic(errBroken)
		}
		return nil
	})
	twice.HandleBatch(func(c *engine.Context, vs []int) error {
		for i, v := range vs {
			toLossy.Emit(c, v)
			toLossy.Emit(c, v)
			if v%7 == 0 {
				toStrict.Emit(c, v)
			}
			if v%13 == 0 {
				c.Fail(i, errBroken)
			}
		}
		return nil
	})
	lossy.Handle(ignore)
	strict.Handle(ignore)
	bad.Handle(ignore)
	return m
}

// feed offers n events in every way there is.
func (m *mixed) feed(t *testing.T, n int) {
	expected := func(err error) {
		if err != nil && !errors.Is(err, engine.ErrFull) && !errors.Is(err, engine.ErrRefused) && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	m.ending.Go(func() {
		for v := range n / 4 {
			expected(m.in.Submit(t.Context(), v))
		}
	})
	m.ending.Go(func() {
		for v := range n / 4 {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			expected(m.in.Submit(ctx, v))
		}
	})
	m.ending.Go(func() {
		for v := range n / 4 {
			expected(m.wide.TrySubmit(v))
		}
	})
	m.ending.Go(func() {
		for v := 0; v < n/4; v += 10 {
			_, err := m.wide.TrySubmitBatch([]int{v, v, v, v, v, v, v, v, v, v})
			expected(err)
		}
	})
}

// The books balance exactly whenever nothing is in flight, also while the engine runs, and never show more done than came in.
func TestConservation(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, onePinned, twoPinned} {
		const rounds, events = 2, 4000
		m := newMixed(t, c)
		start(t, m.e)
		for round := range rounds {
			m.feed(t, events)
			fed := make(chan struct{})
			go func() { m.ending.Wait(); close(fed) }()
			last := m.e.Stats()
			for running := true; running; {
				select {
				case <-fed:
					running = false
				default:
				}
				s := m.e.Stats()
				requirePlausible(t, last, s)
				last = s
			}
			eventually(t, "all workers sleep", func() bool {
				for i := range last.Workers {
					if !m.e.Asleep(i) {
						return false
					}
				}
				return true
			})
			s := m.e.Stats()
			engine.CheckBooks(t, s)
			require.Equal(t, uint64(events*(round+1)), s.Stage("in").Inlets[0].Offered+s.Stage("in").Inlets[1].Offered)
		}
		s := drain(t, m.e)
		require.NotZero(t, s.Stage("in").Failed)
		require.NotZero(t, s.Stage("in").Panics)
		require.NotZero(t, s.Stage("lossy").Completed)
		require.NotZero(t, s.Stage("bad").Entered)
	}
}

// requirePlausible holds what is true of every reading and of two readings one after the other.
func requirePlausible(t *testing.T, before, s engine.Stats) {
	t.Helper()
	require.Greater(t, s.Uptime, before.Uptime)
	for i, st := range s.Stages {
		old := before.Stages[i]
		require.GreaterOrEqual(t, st.Entered, st.Completed+st.Failed+st.Expired, st.Name)
		require.GreaterOrEqual(t, st.Completed, old.Completed, st.Name)
		require.GreaterOrEqual(t, st.Failed, old.Failed, st.Name)
		require.GreaterOrEqual(t, st.Busy, old.Busy, st.Name)
		require.GreaterOrEqual(t, st.Wait, old.Wait, st.Name)
		require.GreaterOrEqual(t, st.Depth, 0, st.Name)
		for k, in := range st.Inlets {
			require.Equal(t, in.Offered, in.Accepted+in.Refused)
			require.GreaterOrEqual(t, in.Accepted, old.Inlets[k].Accepted, "%s/%s", st.Name, in.Name)
		}
		for k, ed := range st.Edges {
			require.Equal(t, ed.Emitted, ed.Entered+ed.Dropped)
			require.GreaterOrEqual(t, ed.Emitted, old.Edges[k].Emitted, "%s -> %s", ed.From, ed.To)
			require.GreaterOrEqual(t, ed.Dropped, old.Edges[k].Dropped, "%s -> %s", ed.From, ed.To)
		}
	}
}

// All times are on the engine's clock.
func TestTime(t *testing.T) {
	e := newEngine(t, oneShared)
	s := engine.Add(e, stageConfig{Name: "s"})
	times := make(chan engine.Time, 2)
	s.Handle(func(c *engine.Context, _ int) error {
		times <- c.Now()
		times <- c.Now()
		return nil
	})
	start(t, e)
	before := e.Now()
	require.NoError(t, s.TrySubmit(1))
	first, second := receive(t, times), receive(t, times)
	after := e.Now()
	require.Equal(t, first, second, "the time of the batch")
	require.GreaterOrEqual(t, first, before)
	require.GreaterOrEqual(t, after, first)
	require.Equal(t, after.Sub(before), after.Sub(first)+first.Sub(before))
	require.GreaterOrEqual(t, drain(t, e).Uptime, after.Sub(0))
	require.Equal(t, engine.StageStats{}, e.Stats().Stage("nowhere"))
}

// A worker's statistics say how long it was in handlers, and how long it has been asleep.
func TestWorkersBusyAndAsleep(t *testing.T) {
	h := newHop(t, apart(twoShared), engine.Block)
	start(t, h.e)
	h.gate.open()
	submit(t, h.a, 0, 10)
	eventually(t, "both workers sleep after work", func() bool {
		s := h.e.Stats()
		return s.Stage("b").Completed == 10 && s.Workers[0].Asleep > 0 && s.Workers[1].Asleep > 0
	})
	s := h.e.Stats()
	require.Equal(t, s.Stage("a").Busy, s.Workers[0].Busy)
	require.Equal(t, s.Stage("b").Busy, s.Workers[1].Busy)
	require.Positive(t, s.Workers[1].Busy)
	for _, w := range drain(t, h.e).Workers {
		require.Zero(t, w.Asleep, "it has ended")
	}
}

// Statistics come out of JSON as they went in.
func TestStatsAsJSON(t *testing.T) {
	s := engine.Stats{
		Engine: "shop", Uptime: 5 * time.Second,
		Workers: []engine.WorkerStats{{CPU: -1, Asleep: 3, Thread: engine.ThreadStats{Known: true, OnCPU: 4}}},
		Stages: []engine.StageStats{{
			Name: "a<b", HeadAge: 7, ThreadCap: 2,
			Inlets: []engine.InletStats{{Name: "submit", Rate: 0.5}},
			Edges:  []engine.EdgeStats{{From: "a<b", To: "b", Full: engine.Drop}, {Full: engine.Fail}, {}},
		}},
	}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	for _, part := range []string{`"uptime_ns":5000000000`, `"on_cpu_ns":4`, `"head_age_ns":7`, `"thread_cap":2`, `"full":"drop"`} {
		require.Contains(t, string(text), part)
	}
	require.NotRegexp(t, `"[A-Z]`, string(text), "a field without a name of its own")
	require.Equal(t, 1, strings.Count(string(text), `"thread":`), "only where something is known")
	var back engine.Stats
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, s, back)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"full":"spill"}`), &engine.EdgeStats{}), `"spill" is none of block, drop, fail`)
}
