package engine

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// stream is an engine that counts events while a goroutine submits them, and whose watch looks after places all the time.
type stream struct {
	e         *Engine
	lines     *LogLines
	stop      chan struct{}
	submitted chan int
}

func newStream(t *testing.T, workers int) *stream {
	m := &stream{lines: new(LogLines), stop: make(chan struct{}), submitted: make(chan int, 1)}
	m.e = New(Config{Workers: workers, Kind: Pinned, Log: m.lines.Log()})
	m.e.watch.every, m.e.watch.placeEvery = time.Millisecond, time.Millisecond
	t.Cleanup(func() { _ = m.e.Close() })
	s := Add(m.e, StageConfig[int]{Name: "s"})
	s.Handle(func(*Context, int) error { return nil })
	require.NoError(t, m.e.Start(context.Background()))
	go func() {
		n := 0
		for ; ; runtime.Gosched() {
			select {
			case <-m.stop:
				m.submitted <- n
				return
			default:
			}
			if s.TrySubmit(n) == nil {
				n++
			}
		}
	}()
	return m
}

// end holds that every event was handled.
func (m *stream) end(t *testing.T) {
	t.Helper()
	close(m.stop)
	n := await(t, m.submitted, "the submitter")
	require.NoError(t, m.e.Drain(context.Background()))
	require.Equal(t, uint64(n), m.e.Stats().Stage("s").Completed)
}

// awaitCPUs waits until the workers are where the test wants them, and their threads are bound as they say.
func (m *stream) awaitCPUs(t *testing.T, want ...int) {
	t.Helper()
	until(t, "workers move", func() bool {
		process.Lock()
		defer process.Unlock()
		for i, w := range m.e.workers {
			bound, err := affinity.AllowedOf(int(w.tid.Load()))
			if err != nil || w.place() != want[i] || want[i] >= 0 && bound != affinity.Of(want[i]) {
				return false
			}
		}
		return true
	})
}

// A worker's thread that is bound elsewhere from outside, as anybody may do to their own threads, is put back while events flow.
func TestThreadIsPinnedAgain(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	m := newStream(t, 1)
	home := m.e.workers[0].cpu
	elsewhere := all.Without(home)
	if all.Len() == 1 {
		elsewhere = all // there is no other place, and nothing to put right
	}
	for range 10 {
		process.Lock()
		err := affinity.PinThread(int(m.e.workers[0].tid.Load()), elsewhere)
		process.Unlock()
		require.NoError(t, err)
		m.awaitCPUs(t, home)
	}
	m.end(t)
	require.Equal(t, all.Len() > 1, len(m.lines.With("by somebody")) > 0)
}

func TestCPUSetShrinksAndGrows(t *testing.T) {
	set := newCPUSet(t)
	all, err := affinity.Allowed()
	require.NoError(t, err)

	one := newStream(t, 1)
	home := one.e.workers[0].cpu
	for range 5 {
		set.set(t, all.Without(home))
		one.awaitCPUs(t, one.e.fill[1])
		set.set(t, all)
		one.awaitCPUs(t, home)
	}
	one.end(t)
	require.Len(t, one.lines.With("moved to another one"), 5)
	require.Len(t, one.lines.With("pinned to its CPU again"), 5)

	every := newStream(t, all.Len())
	homes := every.e.fill
	last := len(homes) - 1
	set.set(t, all.Without(homes[last]))
	every.awaitCPUs(t, append(homes[:last:last], -1)...)
	set.set(t, all)
	every.awaitCPUs(t, homes...)
	every.end(t)
	require.Len(t, every.lines.With("runs unpinned"), 1)
	require.Len(t, every.lines.With("pinned to its CPU again"), 1)
}

// A worker whose handler leaves its goroutine, and with it the thread, while its CPU is gone goes on where the watch had put it.
func TestNewThreadTakesThePlaceOfTheOld(t *testing.T) {
	set := newCPUSet(t)
	all, err := affinity.Allowed()
	require.NoError(t, err)
	var lines LogLines
	e := New(Config{Workers: 1, Kind: Pinned, Idle: Spin, Log: lines.Log()})
	e.watch.every, e.watch.placeEvery = time.Millisecond, time.Millisecond
	t.Cleanup(func() { _ = e.Close() })
	s := Add(e, StageConfig[int]{Name: "s"})
	s.Handle(func(*Context, int) error { runtime.Goexit(); return nil })
	require.NoError(t, e.Start(context.Background()))
	m := &stream{e: e}
	set.set(t, all.Without(e.workers[0].cpu))
	m.awaitCPUs(t, e.fill[1])
	for range 3 {
		require.NoError(t, s.Submit(context.Background(), 1))
	}
	until(t, "all events fail", func() bool { return e.Stats().Stage("s").Failed == 3 })
	m.awaitCPUs(t, e.fill[1])
	require.Empty(t, lines.With("runs unpinned"))
	set.set(t, all)
	m.awaitCPUs(t, e.workers[0].cpu)
	require.NoError(t, e.Drain(context.Background()))
}
