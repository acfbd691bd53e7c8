package engine

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

func TestInHand(t *testing.T) {
	require.Equal(t, -1, inHand(0).stage(), "nothing")
	require.Zero(t, inHand(0).since(1e9))
	for _, stage := range []int{0, 1, 100, sched.MaxSet - 1} {
		for _, events := range []int{1, 63, maxBatch} {
			for _, start := range []Time{0, 1, 4095, 4096, 1e9, 1 << 50, math.MaxInt64 - Time(time.Hour)} {
				h := makeInHand(stage, events, start)
				require.Equal(t, stage, h.stage())
				require.Equal(t, events, h.events())
				require.NotZero(t, h)
				for _, ran := range []time.Duration{0, 1, 5 * time.Microsecond, time.Millisecond, time.Hour} {
					require.InDelta(t, ran, h.since(start+Time(ran)), 4096, "%d events of stage %d from %d", events, stage, start)
				}
				require.Zero(t, h.since(start-Time(time.Second)), "clocks of two CPUs may differ")
			}
		}
	}
	h := makeInHand(0, 1, 0)
	require.InDelta(t, 6*24*time.Hour, h.since(Time(6*24*time.Hour)), 4096)
}
