package queueing

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormulasAgree(t *testing.T) {
	for _, load := range []float64{0.1, 0.5, 0.9} {
		require.InEpsilon(t, WaitMG1(load/3, 3, 2*3*3), WaitMMc(1, load/3, 3), 1e-12, "exponential service is a general one")
		require.InEpsilon(t, load, ErlangC(1, load), 1e-12)
		a := 2 * load
		require.InEpsilon(t, a*a/(2+a), ErlangC(2, a), 1e-12)
	}
	require.InEpsilon(t, 0.5, WaitMG1(0.5, 1, 1), 1e-12, "constant service waits half of exponential one")
	require.True(t, math.IsInf(WaitMG1(1, 1, 1), 1))
	require.True(t, math.IsInf(WaitMMc(2, 2, 1), 1))
}
