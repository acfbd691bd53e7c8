package workload

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A walk of as many turns as there are lines comes back to where it began, and not sooner.
func TestMemoryIsOneCycle(t *testing.T) {
	for _, text := range []string{"memory:1KiB", "memory:64KiB", "memory:64KiB,strided"} {
		w, err := ParseWork(text)
		require.NoError(t, err)
		m := newMemory(w, 2)
		start := m.walk(1, 7, 0)
		for n := range uint32(w.bytes / lineSize) {
			if n > 0 {
				require.NotEqual(t, start, m.walk(1, 7, n))
			}
		}
		require.Equal(t, start, m.walk(1, 7, uint32(w.bytes/lineSize)))
		require.Positive(t, m.calibrate(1).PerTurn)
	}
}
