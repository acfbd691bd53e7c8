package leaktest

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestUnlockedPinnedThread pins a thread and gives it back to the runtime, the
// mistake the mask rule is there for.
func TestUnlockedPinnedThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var was, one unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &was))
	if was.Count() < 2 {
		return // with one CPU a pinned thread differs from no other
	}
	before := take()
	release, done := make(chan struct{}), make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for cpu := range 1024 {
			if was.IsSet(cpu) {
				one.Set(cpu)
				break
			}
		}
		done <- unix.SchedSetaffinity(0, &one)
		<-release
		done <- unix.SchedSetaffinity(0, &was)
	}()
	require.NoError(t, <-done)
	leaks := wait(before, 0)
	require.Len(t, leaks, 2) // the goroutine and its thread
	require.Regexp(t, `^thread \d+: runs only on CPUs \d+,`, leaks[1])
	close(release)
	require.NoError(t, <-done)
	require.Empty(t, wait(before, long))
}
