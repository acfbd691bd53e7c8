package engine

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// othersOn reports whether all threads of the process but workers may run on these CPUs, and no others.
func othersOn(cpus affinity.Set) bool {
	process.Lock()
	defer process.Unlock()
	for _, tid := range ownTasks() {
		if mask, err := affinity.AllowedOf(tid); err == nil && !process.workers[tid] && mask != cpus {
			return false
		}
	}
	return true
}

// requireFree holds that threads have their masks back, once the threads of workers have ended.
func requireFree(t *testing.T, all affinity.Set) {
	t.Helper()
	until(t, "threads get their masks back", func() bool { return othersOn(all) })
}

// confining starts an engine with one worker that has the process's other threads kept off its CPU.
func confining(t *testing.T, name string, cpu int) (*Engine, *Stage[int], *LogLines) {
	lines := new(LogLines)
	e := New(Config{Name: name, Workers: 1, Kind: Pinned, CPUs: affinity.Of(cpu), Confine: true, Idle: Spin, Log: lines.Log()})
	e.watch.every, e.watch.placeEvery = time.Millisecond, time.Millisecond
	s := Add(e, StageConfig[int]{Name: "s"})
	s.Handle(func(*Context, int) error { runtime.Goexit(); return nil })
	require.NoError(t, e.Start(context.Background()))
	t.Cleanup(func() { _ = e.Close() })
	return e, s, lines
}

func TestConfineKeepsThreadsOffTheWorkersCPU(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	if all.Len() == 1 {
		e, _, lines := confining(t, "a", all.Min())
		require.Len(t, lines.With("no CPU is left"), 1)
		requireFree(t, all)
		require.NoError(t, e.Drain(context.Background()))
		return
	}
	e, s, lines := confining(t, "a", all.Max())
	room := all.Without(all.Max())
	until(t, "threads are confined", func() bool { return othersOn(room) })
	require.Len(t, lines.With("kept off the workers' CPUs", "cpus="+room.String()), 1)
	procs := runtime.GOMAXPROCS(0)

	// New threads, and one that its owner has bound to the worker's CPU.
	stop, bound := make(chan struct{}), make(chan error)
	for range 5 {
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			bound <- affinity.PinSet(all)
			<-stop
		}()
		require.NoError(t, <-bound)
	}
	until(t, "new threads are confined", func() bool { return othersOn(room) })

	// The worker takes another thread each time its handler leaves the goroutine. It is a worker's from the beginning.
	for range 20 {
		require.NoError(t, s.Submit(context.Background(), 1))
	}
	until(t, "all events fail", func() bool { return e.Stats().Stage("s").Failed == 20 })
	(&stream{e: e}).awaitCPUs(t, all.Max())
	require.Empty(t, lines.With("by somebody"), "nobody took it for another thread")

	seen, err := allowedCPUs()
	require.NoError(t, err)
	require.Equal(t, all, seen, "what Start of another engine goes by")
	require.Equal(t, procs, runtime.GOMAXPROCS(0), "not what the runtime would make of the CPUs left")
	close(stop)
	require.NoError(t, e.Drain(context.Background()))
	requireFree(t, all)
}

func TestConfineOfTwoEngines(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	if all.Len() == 1 {
		t.Skip("needs a CPU for each engine")
	}
	room := all.Without(all.Max())
	a, _, _ := confining(t, "a", all.Max())
	b, _, lines := confining(t, "b", all.Min())
	left := room.Without(all.Min())
	if left.Empty() {
		require.Len(t, lines.With("no CPU is left"), 1)
		left = all
	}
	until(t, "both are kept free, if that leaves a CPU", func() bool { return othersOn(left) })
	require.NoError(t, b.Drain(context.Background()))
	until(t, "the first one goes on", func() bool { return othersOn(room) })
	require.NoError(t, a.Close())
	requireFree(t, all)
}

// The worker's CPU goes and comes back: the confinement follows.
func TestConfineFollowsTheCPUSet(t *testing.T) {
	set := newCPUSet(t)
	all, err := affinity.Allowed()
	require.NoError(t, err)
	home := all.Max()
	e, _, _ := confining(t, "a", home)
	set.set(t, all.Without(home))
	until(t, "the worker moves", func() bool { return e.workers[0].place() == e.fill[1] })
	set.set(t, all)
	until(t, "it comes back, and so do the others", func() bool {
		return e.workers[0].place() == home && othersOn(all.Without(home))
	})
	require.NoError(t, e.Drain(context.Background()))
	requireFree(t, all)
}

func TestConfineIsIgnoredForSharedWorkers(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	var lines LogLines
	e := New(Config{Workers: 1, Kind: Shared, Confine: true, Log: lines.Log()})
	Add(e, StageConfig[int]{Name: "s"}).Handle(func(*Context, int) error { return nil })
	require.NoError(t, e.Start(context.Background()))
	requireFree(t, all)
	require.NoError(t, e.Drain(context.Background()))
	require.Len(t, lines.With("Confine is ignored"), 1)
}
