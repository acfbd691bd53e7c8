//go:build !yield && !invariants && !race

package yield_test

import (
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
)

// A point costs nothing in an ordinary build, also where it stands in a function that is itself inlined.
func TestPointIsNothing(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-m", ".", "../../ring").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "can inline Point\n")
	require.Contains(t, string(out), "can inline window\n")
}

func TestOrdinaryBuild(t *testing.T) {
	var group sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for range 3 {
		group.Add(1)
		yield.Go(&group, func() {
			defer group.Done()
			yield.Lock(&mu)
			defer mu.Unlock()
			n++
		})
	}
	yield.Until(func() bool {
		mu.Lock()
		defer mu.Unlock()
		return n == 3
	})
	yield.Wait(&group)
	yield.Lock(&mu)
	require.False(t, mu.TryLock())
}
