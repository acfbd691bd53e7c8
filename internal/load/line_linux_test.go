package load

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// A line needs a time to get to another CPU, and CPUs that are not there are an error and not a wait without end.
func TestLineTime(t *testing.T) {
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	cpus := allowed.CPUs()
	if len(cpus) < 2 {
		t.Skip("one CPU")
	}
	if ns, err := LineTime(cpus[0], cpus[1]); err != nil { // others had a CPU
		require.ErrorContains(t, err, fmt.Sprintf("between CPUs %d and %d within 1s", cpus[0], cpus[1]))
	} else {
		require.Positive(t, ns)
	}
	_, err = LineTime(cpus[0], 1000)
	require.Error(t, err)
}
