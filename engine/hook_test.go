package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// Admit is asked about what is submitted, and told about the queue; what it does not want is refused, and counted.
func TestAdmitHook(t *testing.T) {
	var asked log[engine.QueueInfo]
	e := newEngine(t, oneShared)
	g := newGate(t)
	before := engine.Add(e, stageConfig{Name: "before"})
	s := engine.Add(e, stageConfig{Name: "s", Admit: func(v int, q engine.QueueInfo) bool {
		asked.add(q)
		if v == 13 {
			panic(errBroken)
		}
		return v%2 == 0
	}})
	edge := engine.Connect(before, s)
	before.Handle(func(c *engine.Context, v int) error { edge.Emit(c, v); return nil })
	s.Handle(func(_ *engine.Context, v int) error {
		if v == 100 {
			g.pass()
		}
		return nil
	})
	in := s.Inlet(engine.InletConfig{Name: "in", Capacity: 16})
	start(t, e)
	require.NoError(t, s.TrySubmit(100))
	g.wait(t)
	require.NoError(t, in.TrySubmit(2))
	require.NoError(t, in.TrySubmit(4))
	err := in.TrySubmit(5)
	require.ErrorIs(t, err, engine.ErrRefused)
	require.EqualError(t, err, "stage s, inlet in: refused")
	require.ErrorIs(t, in.Submit(context.Background(), 7), engine.ErrRefused)
	n, err := in.TrySubmitBatch([]int{6, 8, 9, 10})
	require.Equal(t, 2, n)
	require.ErrorIs(t, err, engine.ErrRefused)
	err = in.TrySubmit(13)
	var p *engine.PanicError
	require.ErrorAs(t, err, &p)
	require.ErrorIs(t, err, errBroken)
	infos := asked.all()
	last := infos[len(infos)-1]
	require.Equal(t, engine.QueueInfo{Inlet: "in", Depth: 4, Capacity: 16, HeadAge: last.HeadAge, Sampled: last.Sampled}, last)
	require.Positive(t, last.HeadAge)
	st := e.Stats().Stage("s").Inlets[1]
	require.EqualValues(t, 4, st.Accepted)
	require.EqualValues(t, 5, st.Refused)
	require.EqualValues(t, 5, st.Limited)

	require.NoError(t, before.TrySubmit(3), "what comes over edges is not asked about")
	g.open()
	eventually(t, "it arrives", func() bool { return e.Stats().Stage("s").Completed == 6 })
	drain(t, e)
}

// The control loop keeps a sample of what was taken lately.
func TestAdmitHookSeesContents(t *testing.T) {
	seen := make(chan *engine.Backlog, 1)
	e := newEngine(t, oneShared)
	s := engine.Add(e, stageConfig{Name: "s", Key: func(v int) uint64 { return uint64(v) }, Admit: func(_ int, q engine.QueueInfo) bool {
		if q.Sampled != nil {
			select {
			case seen <- q.Sampled:
			default:
			}
		}
		return true
	}})
	s.Handle(ignore)
	start(t, e)
	eventually(t, "a sample is there", func() bool {
		require.NoError(t, s.Submit(limited(t), 42))
		return len(seen) > 0
	})
	b := <-seen
	require.Positive(t, b.Batch)
	require.EqualValues(t, 42, b.Events[0].Key)
	require.Equal(t, "int", b.Events[0].Type)
	got := async(func() engine.Backlog { // it is in nobody's way
		b, err := s.Sample(limited(t), 1)
		require.NoError(t, err)
		return b
	})
	eventually(t, "Sample answers", func() bool {
		require.NoError(t, s.Submit(limited(t), 42))
		return len(got) > 0
	})
	require.Positive(t, (<-got).Batch)
	drain(t, e)
}

// An Admit that goes by what was sampled would refuse for ever if its refusals did not bring on the next sample: nothing else runs.
func TestAdmitRestartsTheControlLoop(t *testing.T) {
	e := newEngine(t, oneShared)
	s := engine.Add(e, stageConfig{Name: "s", Admit: func(v int, _ engine.QueueInfo) bool { return v > 0 }})
	s.Handle(ignore)
	start(t, e)
	require.NoError(t, s.TrySubmit(1))
	eventually(t, "the loop sleeps", e.ControlAsleep)
	before := e.Stats().Control.Ticks
	require.ErrorIs(t, s.TrySubmit(-1), engine.ErrRefused)
	eventually(t, "it looks again", func() bool { return e.Stats().Control.Ticks > before })
	drain(t, e)
}
