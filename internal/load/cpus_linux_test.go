package load

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/workload"
)

// masks returns the CPUs of each thread of the process.
func masks(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	threads, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	for _, thread := range threads {
		status, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(status), "Cpus_allowed_list:")
		line, _, _ := strings.Cut(rest, "\n")
		all[strings.TrimSpace(line)] = true
	}
	return all
}

func TestConfineAndRelease(t *testing.T) {
	before, err := affinity.Allowed()
	require.NoError(t, err)
	one := affinity.Of(before.Max())
	release, err := Confine(one)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{one.String(): true}, masks(t))
	require.NoError(t, release())
	require.Equal(t, map[string]bool{before.String(): true}, masks(t))

	release, err = Confine(affinity.Set{})
	require.NoError(t, err)
	require.Equal(t, map[string]bool{before.String(): true}, masks(t))
	require.NoError(t, release())
}

// Only who asks for exact timers gets them, and only until it gives them back.
func TestExactTimers(t *testing.T) {
	runtime.LockOSThread() // never unlocked: the thread ends here
	slack := func() int {
		ns, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
		require.NoError(t, err)
		return ns
	}
	require.NoError(t, unix.Prctl(unix.PR_SET_TIMERSLACK, 40_000, 0, 0, 0))
	before, err := affinity.Allowed()
	require.NoError(t, err)
	release, err := Confine(affinity.Of(before.Max()))
	require.NoError(t, err)
	require.NoError(t, release())
	require.Equal(t, 40_000, slack())
	restore := ExactTimers()
	require.Equal(t, 1, slack())
	restore()
	require.Equal(t, 40_000, slack(), "also for runs after it, which others make the load of")
}

func TestConfineToNoSuchCPU(t *testing.T) {
	before, err := affinity.Allowed()
	require.NoError(t, err)
	_, err = Confine(affinity.Of(100_000))
	require.ErrorContains(t, err, "to CPUs 100000")
	require.Equal(t, map[string]bool{before.String(): true}, masks(t))
}

func TestGeneratorOnItsCPU(t *testing.T) {
	before, err := affinity.Allowed()
	require.NoError(t, err)
	c := config(t, Fixed)
	c.CPU = before.Max()
	result, err := run(t, c, inline)
	require.NoError(t, err)
	require.NoError(t, result.Check())
	require.Equal(t, map[string]bool{before.String(): true}, masks(t))

	c.CPU = 100_000
	_, err = run(t, c, inline)
	require.ErrorContains(t, err, "load generator: pin to CPU 100000")
}

func TestOccupy(t *testing.T) {
	before, err := affinity.Allowed()
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		leave, err := Occupy(before.Min())
		if err == nil {
			var now affinity.Set
			if now, err = affinity.Allowed(); err == nil && now != affinity.Of(before.Min()) {
				t.Errorf("on CPUs %s", now)
			}
			err = leave()
		}
		done <- err
	}()
	require.NoError(t, <-done)
}

// Who is first is so until it leaves, and does without where it may not be.
func TestFirst(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := unix.SchedGetAttr(0, 0)
	require.NoError(t, err)
	leave := first()
	during, err := unix.SchedGetAttr(0, 0)
	require.NoError(t, err)
	require.Contains(t, []uint32{before.Policy, unix.SCHED_FIFO}, during.Policy)
	require.NoError(t, leave())
	after, err := unix.SchedGetAttr(0, 0)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// A generator is first on its CPU while it makes load, if it is to be alone, and spins on it.
func TestGeneratorAlone(t *testing.T) {
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	for _, alone := range []bool{false, true} {
		c := config(t, Fixed)
		c.Alone, c.CPU = alone, allowed.Min()
		policies := map[uint32]bool{}
		r, err := run(t, c, func(h *workload.Handler) target {
			return func(requests []*workload.Request) int {
				attr, err := unix.SchedGetAttr(0, 0)
				require.NoError(t, err)
				policies[attr.Policy] = true
				return inline(h)(requests)
			}
		})
		require.NoError(t, err)
		require.Len(t, policies, 1)
		require.False(t, !alone && policies[unix.SCHED_FIFO])
		require.Positive(t, r.GeneratorCPU)
	}
}
