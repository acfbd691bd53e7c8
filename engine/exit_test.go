package engine

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// A panic in a deferred function takes the place of a Goexit, and is recovered; the goroutine exits all the same, and the other way round.
func TestPanicAndGoexitInOne(t *testing.T) {
	ways := map[string]func(){
		"panic while exiting": func() {
			defer func() { panic("late") }()
			runtime.Goexit()
		},
		"exit while panicking": func() {
			defer runtime.Goexit()
			panic("early")
		},
	}
	for name, leave := range ways {
		for _, kind := range []Kind{Shared, Pinned} {
			for _, batches := range []bool{false, true} {
				t.Run(name, func(t *testing.T) { exitWith(t, leave, kind, batches) })
			}
		}
	}
}

func exitWith(t *testing.T, leave func(), kind Kind, batches bool) {
	e := New(Config{Workers: 1, Kind: kind, Log: quietLog()})
	s := Add(e, StageConfig[int]{Name: "s", MaxBatch: 4})
	hold := make(chan int)
	var seen []int
	one := func(_ *Context, v int) error {
		if v == 0 {
			<-hold
		}
		seen = append(seen, v)
		if v == 2 {
			leave()
		}
		return nil
	}
	if batches {
		s.HandleBatch(func(c *Context, vs []int) error {
			var errs []error
			for _, v := range vs {
				errs = append(errs, one(c, v))
			}
			return errors.Join(errs...)
		})
	} else {
		s.Handle(one)
	}
	require.NoError(t, e.Start(context.Background()))
	for v := range 6 {
		require.NoError(t, s.TrySubmit(v))
	}
	close(hold)
	require.NoError(t, e.Drain(context.Background()))
	checkBooks(t, e.Stats())
	require.NotZero(t, e.Stats().Stage("s").Failed)
	if !batches {
		require.Equal(t, []int{0, 1, 2, 3, 4, 5}, seen)
	}
}

// A worker whose goroutine a handler ended on the main thread goes on elsewhere, unpinned where its CPU is gone.
func TestRestartedWorkerGoesOnUnpinned(t *testing.T) {
	e := byHand(t, 1, nil, func(e *Engine) { Add(e, StageConfig[int]{Name: "s"}).Handle(func(*Context, int) error { return nil }) })
	e.publish(e.plan.Load().with(true, true))
	w := e.workers[0]
	w.cpu, w.named, w.locked, w.restarted = 4095, true, true, true
	left := make(chan struct{})
	go func() {
		defer close(left)
		runtime.LockOSThread()
		w.leaveMainThread(nil)
	}()
	await(t, left, "leaveMainThread")
	e.running.Wait()
	require.Equal(t, e.plan.Load().Epoch, w.epoch.Load(), "it got as far as its loop")
}
