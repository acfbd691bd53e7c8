package main

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// TestContenders runs the contenders on little: each checks what it carried.
func TestContenders(t *testing.T) {
	const few = 5003 // no multiple of a batch
	for name, sample := range map[string]func(context.Context) (float64, error){
		"chan T":          chanPipeline[small](few),
		"chan []T":        chanBatchPipeline[large](few, 64, false),
		"closed chan []T": chanBatchPipeline[small](few, 64, true),
		"closed engine":   closedPipeline[small](few, 8),
		"engine batches":  enginePipeline[large](few, 8, 256, false),
		"engine events":   enginePipeline[small](few, 64, depth, true),
		"channels call":   chanCall(8, 800, false),
		"shared call":     engineCall(8, 800, engine.Shared, true),
		"pinned call":     engineCall(8, 80, engine.Pinned, false),
		"one caller":      engineCall(1, 10, engine.Shared, false),
		"one channel":     chanCall(1, 10, true),
	} {
		t.Run(name, func(t *testing.T) {
			x, err := contender{sample: sample}.measure(t.Context())
			if why := unavailable(""); errors.As(err, &why) {
				t.Log("not here:", why)
				return
			}
			require.NoError(t, err)
			require.GreaterOrEqual(t, x, 0.0)
		})
	}
}

func TestSink(t *testing.T) {
	var s sink
	s.add(2)
	s.add(3)
	require.NoError(t, s.check(2))
	require.EqualError(t, s.check(3), "2 of 3 events arrived, 0 out of order")
	s.add(3)
	require.EqualError(t, s.check(3), "3 of 3 events arrived, 1 out of order")
}

func TestBreakEven(t *testing.T) {
	require.Zero(t, breakEven(1.4, 1))
	w := breakEven(50_000, 300)
	require.InDelta(t, callBound*(300+w), 50_000+w, 1e-6)
}

func TestWrongAnswer(t *testing.T) {
	_, err := timeCalls(2, 10, func() func(uint64) (uint64, error) {
		return func(n uint64) (uint64, error) { return n, nil }
	})
	require.EqualError(t, err, "call 0 was answered 0")
}
