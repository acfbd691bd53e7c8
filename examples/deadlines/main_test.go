package main

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// With the first request in work until all callers have left, the others are not worked on; without deadlines they are, for nobody.
func TestLateRequestsCostNothing(t *testing.T) {
	const callers = 50
	for _, deadlines := range []bool{false, true} {
		worked := 0 // by the only worker
		var s *service
		s = newService(deadlines, func() {
			worked++
			for s.gaveUp.Load() < callers {
				runtime.Gosched()
			}
			for left := time.Now(); time.Since(left) < time.Millisecond; { // past every deadline on any clock
				runtime.Gosched()
			}
		})
		l := load{bursts: 1, size: callers, every: time.Second, patience: 100 * time.Millisecond}
		r, err := l.offer(limited(t), s)
		require.NoError(t, err)
		require.EqualValues(t, callers, r.gaveUp)
		require.EqualValues(t, worked, r.served)
		require.Equal(t, s.engine.Stats().Stage("serve").Entered, r.served+r.expired)
		if deadlines {
			require.LessOrEqual(t, worked, 1)
		} else {
			require.Zero(t, r.expired)
		}
	}
}

// With time enough deadlines make no difference.
func TestRequestsInTime(t *testing.T) {
	for _, deadlines := range []bool{false, true} {
		l := load{bursts: 3, size: 20, every: time.Millisecond, patience: time.Minute}
		r, err := l.offer(limited(t), newService(deadlines, func() {}))
		require.NoError(t, err)
		require.Equal(t, result{offered: 60, answered: 60, served: 60}, r)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	l := load{bursts: 2, size: 10, every: time.Millisecond, patience: time.Minute, work: func() {}}
	require.NoError(t, run(limited(t), &out, l))
	require.Equal(t, `                     offered   in time   served   for nobody  expired
without deadlines:        20        20       20            0        0
with deadlines:           20        20       20            0        0
`, out.String())
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, run(ended, &out, l), context.Canceled)
}
