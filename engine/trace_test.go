package engine_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// follows is a policy whose decisions depend on what it sees, and on what it saw.
func follows(*sched.System) (sched.Policy, error) {
	var before uint64
	looks := 0
	return deciding(func(s *sched.Snapshot, d *sched.Draft) {
		looks++
		if looks%8 == 0 {
			panic("every eighth look")
		}
		if done := s.Stages[0].Done; done != before {
			before = done
			d.SetBatch(0, int(done%64)+1, "as many as were handled")
			d.SetLimit(0, sched.Limit{Depth: 1000 + s.Sources[0].Depth}, "as many as wait, and a thousand")
		}
		if s.Settled {
			d.SetServe([][][]int{{{0}, {0, 1}}, {{0, 1}, {1}}}[looks%2], "to and fro")
		}
	}), nil
}

// A trace shown to the policy that made it gives what it decided then, shown to another one what that would have decided.
func TestReplay(t *testing.T) {
	var trace bytes.Buffer
	c := twoShared
	c.Policy, c.Trace = follows, &trace
	e := newEngine(t, c)
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	other := engine.Add(e, stageConfig{Name: "other"})
	other.Handle(ignore)
	start(t, e)
	for v := 0; e.Stats().Control.Panics < 2 || e.Stats().Control.Decisions < 20; v++ {
		if err := s.TrySubmit(v); err != nil {
			require.True(t, errors.Is(err, engine.ErrRefused) || errors.Is(err, engine.ErrFull), "%v", err)
		}
	}
	drain(t, e)
	decided := e.Explain()

	looks, err := engine.Replay(bytes.NewReader(trace.Bytes()), follows)
	require.NoError(t, err)
	var again []sched.Change
	for _, l := range looks {
		require.Equal(t, l.Then, l.Now, "at %v", l.At)
		again = append(again, l.Now...)
	}
	steps := 0
	for _, d := range decided {
		steps += d.Steps
	}
	require.Len(t, again, steps)

	looks, err = engine.Replay(bytes.NewReader(trace.Bytes()), policy(once(func(_ *sched.Snapshot, d *sched.Draft) { d.SetBatch(1, 7, "once") })))
	require.NoError(t, err)
	again = nil
	for _, l := range looks {
		again = append(again, l.Now...)
	}
	require.Equal(t, []sched.Change{{What: "batch", Of: "other", From: "0", To: "7", Why: "once"}}, again)
}

func TestReplayErrors(t *testing.T) {
	_, err := engine.Replay(strings.NewReader(""), follows)
	require.EqualError(t, err, "replay: the trace is empty")
	_, err = engine.Replay(strings.NewReader(`{"snapshot":{}}`), follows)
	require.ErrorContains(t, err, "no system")
	_, err = engine.Replay(strings.NewReader("nonsense"), follows)
	require.ErrorContains(t, err, "replay: the first line: invalid character")
	_, err = engine.Replay(strings.NewReader(`{"system":{}}`), noPolicy)
	require.ErrorContains(t, err, "policy: no")
	_, err = engine.Replay(strings.NewReader(`{"system":{}} nonsense`), follows)
	require.ErrorContains(t, err, "replay: ")
}

// brokenWriter fails, or panics.
type brokenWriter struct{ panics bool }

func (w brokenWriter) Write([]byte) (int, error) {
	if w.panics {
		panic(errBroken)
	}
	return 0, errBroken
}

// A trace that cannot be written holds up neither the loop nor the end of the engine.
func TestTraceThatFails(t *testing.T) {
	g := newGate(t) // opens with the test
	for name, w := range map[string]io.Writer{
		"errors": brokenWriter{}, "panics": brokenWriter{true},
		"waits": writerFunc(func(p []byte) (int, error) { g.pass(); return len(p), nil }),
	} {
		t.Run(name, func(t *testing.T) {
			lines := new(engine.LogLines)
			c := under(oneShared, func(*sched.Snapshot, *sched.Draft) {})
			c.Trace, c.Log = w, lines.Log()
			e := engine.New(c)
			s := engine.Add(e, stageConfig{Name: "s"})
			s.Handle(ignore)
			start(t, e)
			for e.Stats().Control.Ticks < 5 {
				require.NoError(t, s.Submit(limited(t), 1))
			}
			require.NoError(t, e.Drain(limited(t)))
			want := "cannot be written"
			if name == "waits" {
				want = "left behind"
			}
			require.Len(t, lines.With("trace", want), 1)
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Explain says what came of a decision, and keeps the last ones.
func TestExplain(t *testing.T) {
	n := 0
	e := newEngine(t, under(oneShared, func(s *sched.Snapshot, d *sched.Draft) {
		for ; s.Settled && n < 600; n++ {
			d.SetServe([][][]int{{{1, 0}}, {{0, 1}}}[n%2], "to and fro")
		}
		if n == 600 {
			d.SetLimit(0, sched.Limit{Depth: 500}, "for good")
		}
	}))
	require.Empty(t, e.Explain(), "before Start")
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	engine.Add(e, stageConfig{Name: "other"}).Handle(ignore)
	start(t, e)
	last := func() (d engine.Decision) {
		if all := e.Explain(); len(all) > 0 {
			d = all[len(all)-1]
		}
		return d
	}
	for last().What != "admit" || last().After.At == 0 {
		err := s.Submit(limited(t), 1)
		require.True(t, err == nil || errors.Is(err, engine.ErrRefused))
	}
	all := e.Explain()
	require.Len(t, all, 512)
	for i, d := range all[1:] {
		require.GreaterOrEqual(t, d.At, all[i].At)
	}
	d := last()
	require.Equal(t, sched.Change{What: "admit", Of: "s/submit", From: "all", To: "depth 500", Why: "for good"}, d.Change)
	require.Equal(t, d.At, d.Before.At)
	require.Equal(t, d.At, d.Until)
	require.Positive(t, d.After.Rate)
	require.Greater(t, d.After.At, d.At)
	drain(t, e)
}
