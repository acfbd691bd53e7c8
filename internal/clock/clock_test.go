package clock

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScale(t *testing.T) {
	s := scale{base: 1000, mult: 1 << 31, offset: 7} // two ticks to the nanosecond
	require.EqualValues(t, 7, s.at(1000))
	require.EqualValues(t, 57, s.at(1100))
	years := uint64(100 * 365 * 24 * time.Hour)
	require.EqualValues(t, 7+years, s.at(1000+2*years), "no overflow in a century")
}

// The two clocks agree on how long something took. The bound is for a machine that loses its CPU in between.
func TestAgreesWithRuntime(t *testing.T) {
	c := New()
	now := c.Now
	began, from := time.Now(), now()
	for time.Since(began) < 20*time.Millisecond {
	}
	ours, theirs := float64(now()-from), float64(time.Since(began))
	require.InDelta(t, 1, ours/theirs, 0.05)
	t.Logf("off by %.1f parts in a million", math.Abs(ours/theirs-1)*1e6)
}

func TestDoesNotGoBack(t *testing.T) {
	c := New()
	now := c.Now
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			last := now()
			for range 200_000 {
				t0 := now()
				if t0 < last-1000 { // the goroutine may have moved to another CPU
					t.Errorf("went back by %d ns", last-t0)
					return
				}
				last = t0
			}
		})
	}
	wg.Wait()
}

func TestMeasureOfAStoppedCounter(t *testing.T) {
	if trusted() {
		require.NotNil(t, measure(time.Millisecond))
		return
	}
	require.Nil(t, measure(time.Millisecond), "the counter stands still here")
}

func TestDoesNotAllocate(t *testing.T) {
	c := New()
	now := c.Now
	require.Zero(t, testing.AllocsPerRun(100, func() { now() }))
}

func BenchmarkNow(b *testing.B) {
	b.Run("clock=counter", func(b *testing.B) {
		c := New()
		for b.Loop() {
			c.Now()
		}
	})
	b.Run("clock=runtime", func(b *testing.B) {
		start := time.Now()
		for b.Loop() {
			_ = time.Since(start)
		}
	})
}
