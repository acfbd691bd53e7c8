//go:build linux && (amd64 || arm64)

package rival

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Switches of a thread that registered itself are counted, and its sleeps.
func TestCounts(t *testing.T) {
	p, err := Open()
	if err != nil {
		t.Skip(err)
	}
	defer func() { require.NoError(t, p.Close()) }()
	stats, err := Statistics()
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // until it ends, and the thread with it
		err := p.Register()
		ts := unix.NsecToTimespec(1_000_000)
		for range 20 {
			_ = unix.Nanosleep(&ts, nil)
		}
		done <- err
	}()
	require.NoError(t, <-done)
	for _, name := range []string{"rival_switch", "rival_wakeup", "rival_empty"} {
		ns, err := NSPerRun(name)
		require.NoError(t, err)
		require.Positive(t, ns)
	}
	require.NoError(t, stats.Close())
	var thread kernelRivalThread
	require.NoError(t, p.objects.RivalThreads.Lookup(uint32(0), &thread))
	require.Positive(t, thread.Voluntary)
	require.Positive(t, thread.BlockedNs)
	require.Positive(t, thread.Wakeups)
	var cell kernelRivalCell
	require.NoError(t, p.objects.RivalCells.Lookup(uint32(0), &cell))
	require.GreaterOrEqual(t, cell.BlockedNs, thread.BlockedNs)
	_, err = NSPerRun("no_such_program")
	require.Error(t, err)
}
