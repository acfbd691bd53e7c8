package probes_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// Between two readings of the kernel's clock ours is between them, to what separates two readings of it.
func TestNowIsTheKernels(t *testing.T) {
	kernel := func() int64 {
		var ts unix.Timespec
		require.NoError(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts))
		return ts.Nano()
	}
	const slack = 20_000 // ns, half of the shortest of 16 readings that found out how far the clocks are apart; 1,000 are usual
	for range 100 {
		before, now, after := kernel(), probes.Now(), kernel()
		require.GreaterOrEqual(t, now, before-slack)
		require.LessOrEqual(t, now, after+slack)
	}
}
