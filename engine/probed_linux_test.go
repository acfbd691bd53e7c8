package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/bpf"
	"github.com/seda-go/seda/probes/procfs"
)

// sleepy runs an engine with a source whose handler sleeps for that long.
func sleepy(t *testing.T, source probes.Source, nap time.Duration) engine.Stats {
	c := onePinned
	c.Probes, c.Idle = source, engine.Park
	e := newEngine(t, c)
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(func(*engine.Context, int) error { time.Sleep(nap); return nil })
	start(t, e)
	submit(t, s, 0, 10)
	st := drain(t, e)
	require.NoError(t, source.Close())
	return st
}

func TestProcProbes(t *testing.T) {
	source, err := procfs.Open(procfs.Offers)
	require.NoError(t, err)
	st := sleepy(t, source, time.Millisecond)
	w := st.Workers[0].Thread
	require.True(t, w.Known)
	require.Positive(t, w.OnCPU)
	require.Positive(t, w.Blocked)
	require.Positive(t, w.Voluntary)
	require.False(t, st.Stage("s").Thread.Known, "/proc knows nothing of stages")
}

func TestBPFProbes(t *testing.T) {
	if why := probes.SystemFacts().BPF(); why != probes.Known {
		t.Skip(why)
	}
	source, err := bpf.Open(bpf.Config{Threads: 1})
	require.NoError(t, err)
	const nap = 2 * time.Millisecond
	st := sleepy(t, source, nap)
	w, s := st.Workers[0].Thread, st.Stage("s").Thread
	require.True(t, w.Known)
	require.True(t, s.Known)
	require.GreaterOrEqual(t, s.Blocked+s.RunQueue+s.Preempted, 5*nap) // before it sleeps the runtime looks for something else to do
	require.GreaterOrEqual(t, w.Blocked, s.Blocked)
	require.Positive(t, s.Voluntary)
	require.Less(t, s.OnCPU+s.Blocked, st.Stage("s").Busy+time.Microsecond)
}
