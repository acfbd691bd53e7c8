package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The loop looks as often as a hundredth of a core allows for ticks as they usually are, cold caches and all, and whatever those take that lost their CPU.
func TestCosts(t *testing.T) {
	var c costs
	var next time.Duration
	run := func(took ...time.Duration) time.Duration {
		for range 200 {
			for _, d := range took {
				next = c.afford(d)
			}
		}
		return next
	}
	us := time.Microsecond
	require.InDelta(t, float64(100*(10*us+costsWake)), float64(run(10*us)), float64(10*us))
	require.InDelta(t, float64(100*(40*us+costsWake)), float64(run(20*us, 60*us)), float64(time.Millisecond), "the mean of warm and cold ones")
	require.InDelta(t, float64(100*(25*us+costsWake)), float64(run(20*us, 20*us, 20*us, 10*time.Millisecond)), float64(2*time.Millisecond)+float64(100*10*us), "a CPU lost now and then")
	require.Equal(t, controlMost, run(time.Millisecond))
	require.InDelta(t, float64(100*(10*us+costsWake)), float64(run(10*us)), float64(100*us), "what was costly once is forgotten")
}
