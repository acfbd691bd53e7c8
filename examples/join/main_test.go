package main

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func started(t *testing.T, in func(from, to int) int) *primes {
	p := newPrimes(in)
	require.NoError(t, p.engine.Start(limited(t)))
	return p
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(limited(t), &out, 100, 0, 1, 2, 3, 100_000))
	require.Equal(t, "25 primes below 100\n0 primes below 0\n0 primes below 1\n0 primes below 2\n1 primes below 3\n9592 primes below 100000\n", out.String())
}

// Many questions at the same time, with many more parts than the stages hold, each get their own answer.
func TestManyQuestions(t *testing.T) {
	p := started(t, func(from, to int) int { return to - from })
	var wg sync.WaitGroup
	parts := 0
	for i := range 300 {
		n := 100 * i
		parts += (n + size - 1) / size
		wg.Go(func() {
			sum, err := p.below(limited(t), n)
			if sum != n || err != nil {
				t.Errorf("%d numbers below %d, %v", sum, n, err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, p.engine.Drain(limited(t)))
	require.EqualValues(t, parts, p.engine.Stats().Stage("join").Completed)
}

// A part that is lost fails its question, at once, and no other.
func TestLostPart(t *testing.T) {
	bad := errors.New("bad part")
	p := started(t, func(from, to int) int {
		if to == 10*size {
			panic(bad)
		}
		return to - from
	})
	for range 10 {
		_, err := p.below(limited(t), 12*size)
		require.ErrorIs(t, err, bad)
		sum, err := p.below(limited(t), 10*size-1)
		require.NoError(t, err)
		require.Equal(t, 10*size-1, sum)
	}
	require.NoError(t, p.engine.Drain(limited(t)))
	s := p.engine.Stats()
	require.EqualValues(t, 10, s.Stage("count").Failed)
	require.EqualValues(t, 10*(12+10)-10, s.Stage("join").Completed)
}

// When the caller's time is up the parts that are left cost nothing.
func TestTimeIsUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var parts atomic.Int64
	p := started(t, func(from, to int) int {
		parts.Add(1)
		for deadline, _ := ctx.Deadline(); time.Since(deadline) < time.Millisecond; { // past it on any clock
			runtime.Gosched()
		}
		return to - from
	})
	_, err := p.below(ctx, 100*size)
	require.True(t, errors.Is(err, context.DeadlineExceeded) || errors.Is(err, engine.ErrExpired), err)
	require.NoError(t, p.engine.Drain(limited(t)))
	count := p.engine.Stats().Stage("count")
	require.Equal(t, parts.Load(), int64(count.Completed))
	require.LessOrEqual(t, parts.Load(), int64(len(p.engine.Stats().Workers)), "a part for each worker")
	require.Equal(t, count.Entered-count.Completed, count.Expired)
}

// The largest question has more parts than the stages hold; a larger one is an error.
func TestLargest(t *testing.T) {
	p := started(t, func(from, to int) int { return to - from })
	sum, err := p.below(limited(t), most)
	require.NoError(t, err)
	require.Equal(t, most, sum)
	_, err = p.below(limited(t), most+1)
	require.ErrorIs(t, err, errTooLarge)
	require.NoError(t, p.engine.Drain(limited(t)))
	require.EqualValues(t, most/size, p.engine.Stats().Stage("count").Completed)
	require.ErrorContains(t, run(limited(t), new(bytes.Buffer), 10, most+1), "primes below 10000001: larger than 10000000")
}

// A question to an engine that has ended is an error.
func TestTooLate(t *testing.T) {
	p := started(t, primesIn)
	require.NoError(t, p.engine.Drain(limited(t)))
	_, err := p.below(limited(t), 10)
	require.ErrorIs(t, err, engine.ErrClosed)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.Error(t, run(ended, new(bytes.Buffer), 10))
}
