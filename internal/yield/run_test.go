//go:build yield

package yield_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
)

// among counts the seeds under which f returns true.
func among(t *testing.T, seeds int, f func() bool) (n int) {
	for seed := range uint64(seeds) {
		found := false
		require.NoError(t, yield.Schedule{Seed: seed}.Run(func() { found = f() }))
		if found {
			n++
		}
	}
	return n
}

// together runs f in two tasks and waits for both.
func together(f func()) {
	var group sync.WaitGroup
	for range 2 {
		yield.Go(&group, f)
	}
	yield.Wait(&group)
}

func TestFindsALostUpdate(t *testing.T) {
	lost := among(t, 1000, func() bool {
		n := 0
		together(func() {
			yield.Point()
			seen := n
			yield.Point()
			n = seen + 1
		})
		return n == 1
	})
	require.Greater(t, lost, 50)
	require.Less(t, lost, 950)
}

func TestLockExcludes(t *testing.T) {
	require.Zero(t, among(t, 1000, func() bool {
		var mu sync.Mutex
		n := 0
		together(func() {
			yield.Lock(&mu)
			defer mu.Unlock()
			seen := n
			yield.Point()
			n = seen + 1
		})
		return n != 2
	}))
}

// play is a run with a bit of everything.
func play(seen *[]int) {
	c, stop := make(chan int, 2), make(chan struct{})
	var group sync.WaitGroup
	for i := range 3 {
		yield.Go(&group, func() {
			for n := range 3 {
				yield.To(c) <- 10*i + n
				yield.Sleep(time.Duration(i), func() bool { return false })
			}
		})
	}
	yield.Go(nil, func() {
		yield.Wait(&group)
		close(stop)
	})
	for {
		select {
		case v := <-c:
			*seen = append(*seen, v)
		case <-yield.Unless(stop, c):
			return
		}
	}
}

func TestSameSeedSameSchedule(t *testing.T) {
	different := map[string]bool{}
	for seed := range uint64(50) {
		var traces [2]bytes.Buffer
		for i := range traces {
			var seen []int
			require.NoError(t, yield.Schedule{Seed: seed, Trace: &traces[i]}.Run(func() { play(&seen) }))
			require.Len(t, seen, 9)
			require.Contains(t, traces[i].String(), "play")
			if i == 0 {
				different[fmt.Sprint(seen)] = true
			}
		}
		require.Equal(t, traces[0].String(), traces[1].String())
	}
	require.Greater(t, len(different), 10)
}

func TestEverybodyWaits(t *testing.T) {
	left := false
	err := yield.Schedule{}.Run(func() {
		defer func() { left = true }()
		yield.Go(nil, func() { <-yield.From(make(chan int)) })
		yield.Until(func() bool { return false })
	})
	require.ErrorIs(t, err, yield.ErrStuck)
	require.Contains(t, err.Error(), "task 0 TestEverybodyWaits")
	require.Contains(t, err.Error(), "task 1 TestEverybodyWaits")
	require.True(t, left, "its goroutines have exited")
}

// Nobody is left to wake the last one.
func TestTheLastOneWaits(t *testing.T) {
	err := yield.Schedule{}.Run(func() {
		yield.Go(nil, func() { yield.Until(func() bool { return false }) })
	})
	require.ErrorIs(t, err, yield.ErrStuck)
}

func TestNoEnd(t *testing.T) {
	require.ErrorIs(t, yield.Schedule{}.Run(func() {
		for {
			yield.Point()
		}
	}), yield.ErrEndless)
}

func TestPanicOfATask(t *testing.T) {
	require.ErrorContains(t, yield.Schedule{}.Run(func() {
		yield.Go(nil, func() { panic("broken") })
		yield.Until(func() bool { return false })
	}), "broken")
}

// Time passes when it is chosen, or when there is nothing else to do.
func TestVirtualTime(t *testing.T) {
	late := among(t, 200, func() bool {
		began := yield.Now()
		told := false
		yield.Go(nil, func() { told = true })
		rest := yield.Sleep(time.Hour, func() bool { return told })
		require.Zero(t, yield.Sleep(time.Minute, func() bool { return false }))
		require.GreaterOrEqual(t, yield.Now()-began, time.Minute)
		return rest == 0
	})
	require.Greater(t, late, 5)
	require.Less(t, late, 195)
}

// A timer may go off before what it is for, or not.
func TestTimersGoOffAtAnyTime(t *testing.T) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	off := among(t, 200, func() bool {
		c := make(chan int, 1)
		yield.Go(nil, func() { c <- 1 })
		select {
		case <-c:
			return false
		case <-yield.Unless(timer.C, c):
			return true
		}
	})
	require.Greater(t, off, 5)
	require.Less(t, off, 195)
}

// Where both can be received from, the select has no choice.
func TestUnless(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, yield.Schedule{}.Run(func() {
		c := make(chan int, 1)
		require.NotNil(t, yield.Unless(ctx.Done(), c))
		c <- 1
		require.Nil(t, yield.Unless(ctx.Done(), c))
		<-c
		close(c)
		require.Nil(t, yield.Unless(ctx.Done(), c))
	}))
}

func TestOutsideOfARun(t *testing.T) {
	yield.Point()
	c := make(chan int, 1)
	yield.Go(nil, func() { c <- 1 })
	require.Equal(t, 1, <-yield.From(c))
	require.Equal(t, time.Second, yield.Sleep(time.Second, nil))
	yield.Until(func() bool { return true })
}
