package leaktest

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { Main(m) }

// long is far more than anything here takes to end.
const long = time.Minute

func TestNothingLeaked(t *testing.T) {
	before := take()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { runtime.Gosched() })
	}
	wg.Wait()
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Empty(t, wait(before, long))
}

func TestGoroutine(t *testing.T) {
	before := take()
	stop := make(chan struct{})
	go func() { <-stop }()
	leaks := wait(before, 0)
	require.Len(t, leaks, 1)
	require.Contains(t, leaks[0], "TestGoroutine.func1")
	require.Contains(t, leaks[0], "leaktest_test.go")
	close(stop)
	require.Empty(t, wait(before, long))
}

func TestLockedWorker(t *testing.T) {
	before := take()
	locked, stop := make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		close(locked)
		<-stop
	}()
	<-locked
	leaks := wait(before, 0)
	require.Len(t, leaks, 1)
	require.Contains(t, leaks[0], "locked to thread")
	close(stop)
	require.Empty(t, wait(before, long))
}

func TestManyIdleThreadsAreNoLeak(t *testing.T) {
	before := take()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			runtime.LockOSThread() // a thread each, all of which the runtime keeps
			defer runtime.UnlockOSThread()
			runtime.Gosched()
		})
	}
	wg.Wait()
	require.Empty(t, wait(before, long))
}

func TestDescriptor(t *testing.T) {
	before := take()
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	if len(descriptors()) > 0 { // where there is a /proc
		leaks := wait(before, 0)
		require.Len(t, leaks, 1)
		require.True(t, strings.HasSuffix(leaks[0], "open on "+os.DevNull), leaks[0])
	}
	require.NoError(t, f.Close())
	require.Empty(t, wait(before, long))
}

func TestFilesOfTesting(t *testing.T) {
	require.False(t, ofTesting("/var/data"))
	require.False(t, ofTesting("pipe:[1]"))
}

func TestSortedKeys(t *testing.T) {
	require.Equal(t, []string{"3", "12", "110"}, sortedKeys(map[string]string{"110": "", "3": "", "12": ""}))
}
