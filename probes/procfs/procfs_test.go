package procfs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	on, delay, ok := times([]byte("1300710 8433767 12\n"))
	require.True(t, ok)
	require.Equal(t, []int64{1300710, 8433767}, []int64{on, delay})
	for _, bad := range []string{"", "1", "a 2 3", "1 b 3"} {
		_, _, ok := times([]byte(bad))
		require.False(t, ok, bad)
	}
	v, n, ok := switches([]byte("Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n"))
	require.True(t, ok)
	require.Equal(t, []uint64{12, 3}, []uint64{v, n})
	for _, bad := range []string{"", "\nvoluntary_ctxt_switches:\t12\n", "\nvoluntary_ctxt_switches:\tx\nnonvoluntary_ctxt_switches:\t3\n"} {
		_, _, ok := switches([]byte(bad))
		require.False(t, ok, bad)
	}
}
