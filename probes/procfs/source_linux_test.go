package procfs

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

func openSource(t *testing.T) probes.Source {
	s, err := Open(Offers)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for _, m := range []probes.Metric{probes.OnCPU, probes.Blocked, probes.RunQueue, probes.Switches} {
		origin, why := s.Origin(m)
		require.Equal(t, probes.Proc, origin, "%v: %v", m, why)
	}
	return s
}

func sleep(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	for unix.Nanosleep(&ts, &ts) == unix.EINTR {
	}
}

// fallAsleep returns when the thread has slept: on a machine that is busy enough a millisecond is over before it comes to that.
func fallAsleep(t *testing.T, th probes.Thread) {
	var before, v probes.Values
	require.True(t, th.Read(probes.Now(), &before))
	for v = before; v.Voluntary == before.Voluntary; {
		sleep(time.Millisecond)
		require.True(t, th.Read(probes.Now(), &v))
	}
}

// What a thread does shows, from itself and from another thread, and only grows.
func TestThreadShows(t *testing.T) {
	s := openSource(t)
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		require.Nil(t, th.Word())
		var before, v probes.Values
		for range 5 {
			fallAsleep(t, th)
			for end := probes.Now() + 1_000_000; probes.Now() < end; {
			}
			require.True(t, th.Read(probes.Now(), &v))
			require.Greater(t, v.Voluntary, before.Voluntary)
			require.GreaterOrEqual(t, v.OnCPU, before.OnCPU)
			require.GreaterOrEqual(t, v.RunQueue, before.RunQueue)
			require.GreaterOrEqual(t, v.Blocked, before.Blocked)
			before = v
		}
		require.Positive(t, v.OnCPU)
		require.Positive(t, v.Blocked)
		seen := make(chan probes.Values)
		go func() {
			var v probes.Values
			th.Read(probes.Now(), &v)
			seen <- v
		}()
		require.GreaterOrEqual(t, (<-seen).Voluntary, v.Voluntary, "by status, where it was by getrusage before")
		require.NoError(t, th.Close())
		require.False(t, th.Read(probes.Now(), &v))
		require.NoError(t, th.Close())
	})
}

// A process in a pid namespace may see the /proc of the one above, in which its threads have other ids.
func TestInPidNamespace(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestThreadShows$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) {
		t.Skip("it takes CAP_SYS_ADMIN: ", err)
	}
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestThreadShows")
}

func TestEndedThread(t *testing.T) {
	s := openSource(t)
	var th probes.Thread
	leaktest.OnThread(func() {
		var err error
		th, err = s.Register()
		require.NoError(t, err)
	})
	v := probes.Values{Cycles: 7}
	require.False(t, th.Read(probes.Now(), &v))
	require.Equal(t, probes.Values{Cycles: 7}, v, "left as it was")
	require.NoError(t, th.Close())
}

func TestClosedSource(t *testing.T) {
	s, err := Open(Offers)
	require.NoError(t, err)
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = s.Register()
		require.ErrorIs(t, err, ErrClosed)
		require.False(t, th.Read(probes.Now(), new(probes.Values)), "threads know nothing new from then on")
		require.NoError(t, th.Close())
	})
}

// Only what was asked for is read.
func TestPart(t *testing.T) {
	s, err := Open(probes.MetricsOf(probes.Switches, probes.Cycles))
	require.NoError(t, err)
	origin, why := s.Origin(probes.Cycles)
	require.Equal(t, probes.None, origin)
	require.Equal(t, probes.NotAsked, why)
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		fallAsleep(t, th)
		var v probes.Values
		require.True(t, th.Read(probes.Now(), &v))
		require.Positive(t, v.Voluntary)
		require.Zero(t, v.OnCPU)
		require.NoError(t, th.Close())
	})
}
