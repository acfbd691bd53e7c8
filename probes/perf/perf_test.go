package perf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScale(t *testing.T) {
	for _, c := range []struct{ value, enabled, running, want uint64 }{
		{7, 0, 0, 7},
		{7, 100, 100, 7},
		{7, 100, 50, 14},
		{1 << 60, 1 << 40, 1 << 39, 1 << 61}, // the product does not fit into a word
		{1 << 60, 1 << 40, 1, 1<<64 - 1},
	} {
		require.Equal(t, c.want, scale(c.value, c.enabled, c.running), "%+v", c)
	}
}
