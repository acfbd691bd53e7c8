package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeThreads has the books of threads, by id, as the test writes them.
type fakeThreads struct {
	status map[int]threadStatus
	onCPU  map[int]time.Duration
	cycles uint64
	looks  int
}

// blocking is a watch over workers whose threads, 100 and up, are fake.
func blocking(workers int, stages ...string) (v *watch, k *fakeThreads, lines *LogLines) {
	v, lines = watched(workers, stages...)
	v.e.kind = Pinned
	k = &fakeThreads{status: map[int]threadStatus{}, onCPU: map[int]time.Duration{}}
	v.kernel.status = func(tid int) (threadStatus, bool) { k.looks++; st, ok := k.status[tid]; return st, ok }
	v.kernel.onCPU = func(tid int) (time.Duration, bool) { return k.onCPU[tid], true }
	v.kernel.cycles = func() uint64 { return k.cycles }
	for i, w := range v.e.workers {
		w.id = i
		w.tid.Store(int32(100 + i))
		k.status[100+i] = threadStatus{voluntary: 5000}
	}
	v.blocks(ms(1000))
	for i := range v.blocked.threads {
		v.blocked.threads[i].suspect = true
	}
	return v, k, lines
}

// sees lets the watch see thread 100+worker n times in a batch of stage, asleep or not.
func (v *watch) sees(k *fakeThreads, worker, stage, n int, asleep bool) {
	tid := 100 + worker
	k.status[tid] = threadStatus{asleep, k.status[tid].voluntary}
	v.gives(worker, makeInHand(stage, 1, ms(1)))
	for range n {
		v.blocks(v.blocked.since + 1)
	}
	v.gives(worker, 0)
	k.status[tid] = threadStatus{false, k.status[tid].voluntary}
}

func (k *fakeThreads) switched(worker int, n uint64) {
	tid := 100 + worker
	k.status[tid] = threadStatus{voluntary: k.status[tid].voluntary + n}
}

func TestSleepsAreChargedToTheStagesWhereTheThreadWasSeenAsleep(t *testing.T) {
	v, k, lines := blocking(2, "a", "b", "c")
	v.sees(k, 0, 0, 30, false)
	v.sees(k, 0, 1, 20, true)
	v.sees(k, 0, 2, 60, true)
	v.sees(k, 1, 2, 10, true)
	v.sees(k, 1, 0, 2, true) // by chance
	k.switched(0, 816)
	k.switched(1, 16+12)
	v.blocks(ms(2000))
	require.Zero(t, v.sleepsIn(0))
	require.Equal(t, uint64(200), v.sleepsIn(1))
	require.Equal(t, uint64(610), v.sleepsIn(2))
	require.Empty(t, lines.With("stage=a"))
	require.Len(t, lines.With("handler blocks", "stage=b worker=0 sleeps=200 within=1s"), 1)
	require.Len(t, lines.With("handler blocks", "stage=c", "sleeps=610", "blocking stage"), 1)

	v.blocks(ms(3000))
	require.Len(t, lines.With(""), 2, "nothing happened in the second window")
	for i := range 2 { // what happens in one window alone is not charged
		require.Equal(t, uint64(200), v.sleepsIn(1))
		v.sees(k, 1, 1, 3, true)
		k.switched(1, 17)
		v.blocks(ms(4000 + 1000*i))
	}
	require.Equal(t, uint64(201), v.sleepsIn(1))
	require.Len(t, lines.With("stage=b worker=1 sleeps=1"), 1)
	require.Zero(t, v.sleepsIn(3), "an engine that did not start has no such stage")
}

func TestSwitchesWithAnotherExplanation(t *testing.T) {
	for what, c := range map[string]struct {
		happens func(v *watch, k *fakeThreads)
		want    uint64
	}{
		"none":           {func(*watch, *fakeThreads) {}, 1000 - 16},
		"own sleeps":     {func(v *watch, _ *fakeThreads) { v.e.workers[0].parks.Store(984) }, 0},
		"some are":       {func(v *watch, _ *fakeThreads) { v.e.workers[0].parks.Store(983) }, 1},
		"sysmon":         {func(_ *watch, k *fakeThreads) { k.onCPU[100] = time.Second }, 1000 - 16 - 200},
		"the collector":  {func(_ *watch, k *fakeThreads) { k.onCPU[100], k.cycles = 50*time.Millisecond, 62 }, 0},
		"not as much":    {func(_ *watch, k *fakeThreads) { k.onCPU[100], k.cycles = 5*time.Millisecond, 62 }, 1000 - 16 - 100 - 1},
		"another thread": {func(v *watch, _ *fakeThreads) { v.e.workers[0].tid.Store(7) }, 0},
		"ended":          {func(_ *watch, k *fakeThreads) { delete(k.status, 100) }, 0},
	} {
		v, k, lines := blocking(1, "s")
		v.sees(k, 0, 0, 50, true)
		k.switched(0, 1000)
		c.happens(v, k)
		v.blocks(ms(2000))
		require.Equal(t, c.want, v.sleepsIn(0), what)
		require.Equal(t, c.want > 0, len(lines.With("stage=s")) > 0, what)
	}
}

func TestNotNamedUnlessSeenAsleepInABatch(t *testing.T) {
	v, k, lines := blocking(1, "s")
	k.switched(0, 1000)
	v.sees(k, 0, 0, 50, false)
	v.sees(k, 0, 0, 2, true)
	v.blocks(ms(2000))
	require.Empty(t, lines.With(""))

	k.switched(0, 1000) // the batch ended while the watch was reading: perhaps the worker slept by itself
	was := v.kernel.status
	v.kernel.status = func(tid int) (threadStatus, bool) { v.gives(0, 0); return was(tid) }
	for range 50 {
		k.status[100] = threadStatus{true, k.status[100].voluntary}
		v.gives(0, makeInHand(0, 1, ms(1)))
		v.blocks(ms(2500))
	}
	v.blocks(ms(3000))
	require.Empty(t, lines.With(""))
}

// A window begins anew when the watch has slept.
func TestWindowEndsWithTheSleepOfTheWatch(t *testing.T) {
	v, k, lines := blocking(1, "s")
	v.sees(k, 0, 0, 50, true)
	k.switched(0, 1000)
	v.asleep.Store(true)
	v.restarted <- struct{}{}
	v.e.parked.size(1)
	v.e.parked.set(0)
	v.sleep()
	v.blocks(ms(9000))
	v.blocks(ms(10_000))
	require.Empty(t, lines.With(""))
}

func TestThreadsAreLookedAtInTurn(t *testing.T) {
	v, k, _ := blocking(20, "s")
	for i := range 20 {
		v.gives(i, makeInHand(0, 1, ms(1)))
		k.status[100+i] = threadStatus{asleep: true}
	}
	k.looks = 0
	for range 5 {
		v.blocks(v.blocked.since + 1)
	}
	require.Equal(t, 5*blockedLooks, k.looks)
	for i := range 20 {
		require.Equal(t, uint64(2), v.blocked.threads[i].seen, "worker %d", i)
	}
	for i := range 20 {
		v.gives(i, 0)
	}
	v.blocks(v.blocked.since + 1)
	require.Equal(t, 5*blockedLooks, k.looks, "nobody has anything in hand")
}

func TestSharedWorkersHaveNoThreads(t *testing.T) {
	v, k, _ := blocking(1, "s")
	v.e.kind, k.looks = Shared, 0
	v.sees(k, 0, 0, 5, true)
	v.blocks(ms(5000))
	require.Zero(t, k.looks)
}

func TestParseStatus(t *testing.T) {
	text := func(state, count string) []byte {
		return []byte("Name:\tseda\nUmask:\t0022\nState:\t" + state + "\nThreads:\t9\nvoluntary_ctxt_switches:\t" + count + "\nnonvoluntary_ctxt_switches:\t77\n")
	}
	for state, asleep := range map[string]bool{"R (running)": false, "S (sleeping)": true, "D (disk sleep)": true, "T (stopped)": false} {
		st, ok := parseStatus(text(state, "1234"))
		require.True(t, ok)
		require.Equal(t, threadStatus{asleep, 1234}, st)
	}
	for _, bad := range [][]byte{nil, []byte("State:"), text("", "1"), text("R", ""), text("R", "x"), text("R", "-1"), text("R (running)", "1234")[:60]} {
		_, ok := parseStatus(bad)
		require.False(t, ok, "%q", bad)
	}
	onCPU, ok := parseOnCPU([]byte("123456789 42 7\n"))
	require.True(t, ok)
	require.Equal(t, 123456789*time.Nanosecond, onCPU)
	_, ok = parseOnCPU(nil)
	require.False(t, ok)
}
