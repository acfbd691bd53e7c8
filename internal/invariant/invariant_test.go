package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	require.NotPanics(t, func() { Check(true, "unused") })
	broken := func() { Check(false, "head %d past tail %d", 3, 2) }
	if Enabled {
		require.PanicsWithValue(t, "invariant broken: head 3 past tail 2", broken)
	} else {
		require.NotPanics(t, broken)
	}
}

func TestSometimes(t *testing.T) {
	if !Enabled {
		for range 1000 {
			require.False(t, Sometimes(1))
		}
		return
	}
	require.True(t, Sometimes(1))
	require.True(t, Sometimes(0))
	const calls = 100_000
	hits := 0
	for range calls {
		if Sometimes(10) {
			hits++
		}
	}
	// The standard deviation is about 95: ten of them either way.
	require.InDelta(t, calls/10, hits, 950)
}

func TestDisabledCostsNoAllocation(t *testing.T) {
	if Enabled {
		return // the arguments are boxed when checks are on, as documented
	}
	n := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		n++
		Check(n > 0, "n is %d", n)
	}))
}
