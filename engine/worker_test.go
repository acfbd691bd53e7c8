package engine_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
)

func allowed(t *testing.T) affinity.Set {
	t.Helper()
	set, err := affinity.Allowed()
	require.NoError(t, err)
	return set
}

// where adds a stage that tells on which CPUs each of its handler calls may run.
func where(e *engine.Engine) (s *engine.Stage[int], cpus chan affinity.Set) {
	cpus = make(chan affinity.Set, 1)
	s = engine.Add(e, stageConfig{Name: "where"})
	s.Handle(func(*engine.Context, int) error {
		set, err := affinity.Allowed()
		cpus <- set
		return err
	})
	return s, cpus
}

func TestSharedWorkers(t *testing.T) {
	c := twoShared
	c.CPUs = affinity.Of(allowed(t).Min())
	before := runtime.GOMAXPROCS(0)
	e := newEngine(t, c)
	s, cpus := where(e)
	start(t, e)
	require.Equal(t, before, runtime.GOMAXPROCS(0), "left alone")
	require.NoError(t, s.TrySubmit(0))
	require.Equal(t, allowed(t), receive(t, cpus), "pinned to nothing, also when CPUs are named")
	for _, w := range drain(t, e).Workers {
		require.Equal(t, -1, w.CPU)
	}
}

func TestPinnedWorkers(t *testing.T) {
	e := newEngine(t, onePinned)
	s, cpus := where(e)
	start(t, e)
	require.NoError(t, s.TrySubmit(0))
	on := receive(t, cpus)
	require.Equal(t, 1, on.Len())
	st := drain(t, e)
	require.Equal(t, affinity.Of(st.Workers[0].CPU), on)
	require.True(t, allowed(t).Has(st.Workers[0].CPU))
}

func TestNamedCPUs(t *testing.T) {
	for _, cpu := range allowed(t).CPUs() {
		c := onePinned
		c.CPUs = affinity.Of(cpu)
		e := newEngine(t, c)
		s, cpus := where(e)
		start(t, e)
		require.NoError(t, s.TrySubmit(0))
		require.Equal(t, affinity.Of(cpu), receive(t, cpus))
		require.Equal(t, cpu, drain(t, e).Workers[0].CPU)
	}
}

// The number of workers follows the CPUs.
func TestWorkersByDefault(t *testing.T) {
	e := newEngine(t, engine.Config{})
	add(e, stageConfig{Name: "s"})
	start(t, e)
	require.Len(t, drain(t, e).Workers, max(allowed(t).Len()-1, 1))
}

// More workers than CPUs, each on one of them, in turn.
func TestOversubscribed(t *testing.T) {
	cpu := allowed(t).Min()
	e := newEngine(t, engine.Config{Kind: engine.Pinned, Workers: 3, CPUs: affinity.Of(cpu), Oversubscribe: true})
	g := newGate(t)
	s := engine.Add(e, stageConfig{Name: "s", MaxBatch: 1})
	s.Handle(func(*engine.Context, int) error { g.pass(); return nil })
	start(t, e)
	submit(t, s, 0, 3)
	for range 3 {
		g.wait(t) // all three are inside at once
	}
	g.open()
	for _, w := range drain(t, e).Workers {
		require.Equal(t, cpu, w.CPU)
	}
}

// A handler that leaves its goroutine takes the thread along; the worker goes on, on a thread pinned to the same CPU.
func TestGoexitKeepsTheCPU(t *testing.T) {
	e := newEngine(t, onePinned)
	cpus := make(chan affinity.Set, 2)
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(func(*engine.Context, int) error {
		set, err := affinity.Allowed()
		cpus <- set
		if err == nil {
			runtime.Goexit()
		}
		return err
	})
	start(t, e)
	for range 3 {
		require.NoError(t, s.TrySubmit(0))
		require.Equal(t, affinity.Of(e.Stats().Workers[0].CPU), receive(t, cpus))
	}
	drain(t, e)
}

// A CPU that the kernel refuses is an error if the user named it; one the engine chose leaves the worker unpinned, with a log line.
func TestPinRefused(t *testing.T) {
	const missing = 4095
	var lines bytes.Buffer
	e := engine.New(engine.Config{Log: slog.New(slog.NewTextHandler(&lines, nil))})
	_, err := e.Pin(missing, true)
	require.ErrorContains(t, err, "pin to CPU 4095: ")
	require.Empty(t, lines.String())
	cpu, err := e.Pin(missing, false)
	require.NoError(t, err)
	require.Equal(t, -1, cpu)
	require.Contains(t, lines.String(), "worker runs unpinned")
	require.Contains(t, lines.String(), "cpu=4095")
}

// One worker that cannot have its CPU ends the others, and leaves nothing behind.
func TestStartFailsWhenPinningFails(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	e := engine.New(engine.Config{Log: silent()})
	s := add(e, stageConfig{Name: "s"})
	err := e.StartOn(allowed(t).Min(), 4095, allowed(t).Max())
	require.ErrorContains(t, err, "pin to CPU 4095: ")
	require.Equal(t, procs, runtime.GOMAXPROCS(0))
	require.ErrorIs(t, s.TrySubmit(1), engine.ErrNotStarted)
}

func procsOf(t *testing.T, workers, procs int) *engine.Engine {
	e := newEngine(t, engine.Config{Kind: engine.Pinned, Workers: workers, Oversubscribe: true, Procs: procs})
	add(e, stageConfig{Name: "s"})
	return e
}

func TestProcs(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for _, c := range []struct {
		name                 string
		workers, procs, want int
	}{
		{"raised above the workers", before + 1, 0, before + 3},
		{"never lowered", 1, 0, max(before, 3)},
		{"left alone", before + 1, -1, before},
		{"set", 1, before + 9, before + 9},
		{"set lower", 2, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := procsOf(t, c.workers, c.procs)
			start(t, e)
			require.Equal(t, c.want, runtime.GOMAXPROCS(0))
			drain(t, e)
			require.Equal(t, before, runtime.GOMAXPROCS(0), "restored")
		})
	}
}

// Engines that run side by side share the policy: the last one to end restores.
func TestProcsOfTwoEngines(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	a, b := procsOf(t, before, 0), procsOf(t, 2, 0)
	start(t, a)
	require.Equal(t, before+2, runtime.GOMAXPROCS(0))
	start(t, b)
	require.Equal(t, before+4, runtime.GOMAXPROCS(0))
	drain(t, a)
	require.GreaterOrEqual(t, runtime.GOMAXPROCS(0), 4, "b still runs")
	drain(t, b)
	require.Equal(t, before, runtime.GOMAXPROCS(0))
}

// What somebody else has set meanwhile stays.
func TestProcsChangedByOthers(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	e := procsOf(t, 1, before+5)
	start(t, e)
	runtime.GOMAXPROCS(before + 1)
	drain(t, e)
	require.Equal(t, before+1, runtime.GOMAXPROCS(before))
}

// An engine in a locked main goroutine, or any locked one, starts and ends there without harm.
func TestStartOnALockedThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e := newEngine(t, onePinned)
	s := add(e, stageConfig{Name: "s"})
	require.NoError(t, e.Start(context.Background()))
	submit(t, s, 0, 10)
	drain(t, e)
	require.Equal(t, allowed(t).Len(), runtime.NumCPU(), "the caller's thread is as it was")
}
