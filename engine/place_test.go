package engine

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

var errNoCPU = errors.New("offline, absent or outside the cpuset")

// fakeKernel has threads, and CPUs that come and go.
type fakeKernel struct {
	cpus  affinity.Set
	masks map[int]affinity.Set // by thread id
	calls int
}

func (k *fakeKernel) allowed(tid int) (affinity.Set, error) {
	k.calls++
	return k.masks[tid].And(k.cpus), nil
}

func (k *fakeKernel) pin(tid int, cpus affinity.Set) error {
	k.calls++
	if cpus.And(k.cpus).Empty() {
		return errNoCPU
	}
	k.masks[tid] = cpus.And(k.cpus)
	return nil
}

// set changes the CPUs; threads that have none of them left may run on all, as Linux has it.
func (k *fakeKernel) set(cpus ...int) {
	k.cpus = affinity.Of(cpus...)
	for tid, mask := range k.masks {
		if mask.And(k.cpus).Empty() {
			k.masks[tid] = k.cpus
		}
	}
}

// placed is a watch over workers on the given CPUs of a fake machine; worker i has thread 100+i.
func placed(t *testing.T, all affinity.Set, cpus ...int) (v *watch, k *fakeKernel, lines *LogLines) {
	v, lines = watched(len(cpus))
	v.e.fill = all.CPUs()
	k = &fakeKernel{cpus: all, masks: map[int]affinity.Set{}}
	v.kernel = threads{allowed: k.allowed, pin: k.pin}
	for i, w := range v.e.workers {
		w.id, w.cpu = i, cpus[i]
		w.tid.Store(int32(100 + i))
		w.at.Store(int32(w.cpu))
		k.masks[100+i] = affinity.Of(w.cpu)
		v.e.own = v.e.own.With(w.cpu)
	}
	process.Lock()
	v.e.hold(v.e.own)
	process.Unlock()
	t.Cleanup(v.e.letGo)
	return v, k, lines
}

// after lets the watch look once more and returns where the workers are.
func (v *watch) after(t *testing.T, k *fakeKernel) (at []int) {
	t.Helper()
	v.places(v.placed + Time(placeEvery))
	for i, w := range v.e.workers {
		at = append(at, w.place())
		if w.place() >= 0 {
			require.Equal(t, affinity.Of(w.place()), k.masks[100+i])
		}
	}
	return at
}

func held(e *Engine) affinity.Set {
	process.Lock()
	defer process.Unlock()
	return process.held[e]
}

func TestPlacesCostsOneCallPerWorkerAndSecond(t *testing.T) {
	v, k, lines := placed(t, affinity.Of(0, 1, 2, 3), 1, 2, 3)
	for at := ms(1000); at < ms(3000); at += ms(10) {
		v.places(at)
	}
	require.Equal(t, 2*3, k.calls)
	require.Empty(t, lines.With(""))
}

func TestWorkerMovesWhenItsCPUGoesAndComesBackWithIt(t *testing.T) {
	v, k, lines := placed(t, affinity.Of(0, 1, 2, 3, 4), 1, 2)
	k.set(0, 2, 3, 4)
	require.Equal(t, []int{0, 2}, v.after(t, k), "the first one that no worker has")
	require.Len(t, lines.With("worker=0", "cpu=1", "offline or outside the cpuset", "to=0"), 1)
	require.Equal(t, affinity.Of(0, 1, 2), held(v.e), "no other engine is to take it")
	require.Equal(t, []int{0, 2}, v.after(t, k))
	k.set(2, 3, 4)
	require.Equal(t, []int{3, 2}, v.after(t, k), "that one has gone, too")
	k.set(3, 4)
	require.Equal(t, []int{3, 4}, v.after(t, k))
	require.Len(t, lines.With("offline or outside the cpuset"), 3)
	k.set(0, 1, 2, 3)
	require.Equal(t, []int{1, 2}, v.after(t, k))
	require.Len(t, lines.With("pinned to its CPU again"), 2)
	require.Equal(t, affinity.Of(1, 2), held(v.e))
	require.Equal(t, []int{1, 2}, v.after(t, k))
	require.Len(t, lines.With(""), 5, "one line for each change")
}

func TestWorkerRunsUnpinnedWhereNoCPUIsFree(t *testing.T) {
	v, k, lines := placed(t, affinity.Of(0, 1), 0, 1)
	k.set(0)
	require.Equal(t, []int{0, -1}, v.after(t, k))
	require.Equal(t, affinity.Of(0), k.masks[101], "as the kernel has it")
	require.Equal(t, []int{0, -1}, v.after(t, k))
	require.Len(t, lines.With(""), 1)
	require.Len(t, lines.With("worker=1", "cpu=1", "runs unpinned"), 1)
	k.set(0, 1)
	require.Equal(t, []int{0, 1}, v.after(t, k))
	require.Len(t, lines.With("worker=1", "pinned to its CPU again"), 1)
}

// Another cpuset altogether: what the kernel lets the thread have counts, not what was allowed at Start.
func TestWorkersMoveToCPUsThatWereNotAllowedBefore(t *testing.T) {
	v, k, _ := placed(t, affinity.Of(0, 1), 0, 1)
	k.set(6, 7)
	require.Equal(t, []int{6, 7}, v.after(t, k))
}

func TestWorkerKeepsOffCPUsOfOtherEngines(t *testing.T) {
	v, k, _ := placed(t, affinity.Of(0, 1, 2), 1)
	other, _, _ := placed(t, affinity.Of(0, 1, 2), 0)
	k.set(0, 2)
	require.Equal(t, []int{2}, v.after(t, k))
	k.set(0)
	require.Equal(t, []int{-1}, v.after(t, k))
	require.Equal(t, affinity.Of(0), held(other.e))
}

func TestWorkerThatSomebodyBoundElsewhereIsPinnedAgain(t *testing.T) {
	v, k, lines := placed(t, affinity.Of(0, 1, 2), 1)
	k.masks[100] = affinity.Of(0, 2)
	require.Equal(t, []int{1}, v.after(t, k))
	require.Len(t, lines.With("worker=0", "by somebody", "on=1"), 1)
	k.set(0, 2)
	require.Equal(t, []int{0}, v.after(t, k))
	k.masks[100] = affinity.Of(2)
	require.Equal(t, []int{0}, v.after(t, k), "also where it only is until its CPU comes back")
	require.Len(t, lines.With("by somebody", "on=0"), 1)
}

// A thread that has ended is left alone: its id may be another's by now.
func TestEndedThreadIsLeftAlone(t *testing.T) {
	v, k, _ := placed(t, affinity.Of(0, 1), 1)
	v.e.workers[0].tid.Store(0)
	k.set(0)
	k.calls = 0
	v.places(ms(5000))
	require.Zero(t, k.calls)
}

// An unpinned worker, since the kernel refused the CPU at Start, gets it later.
func TestCPUThatWasRefusedAtStart(t *testing.T) {
	v, k, lines := placed(t, affinity.Of(0, 1), 1)
	v.e.workers[0].at.Store(-1)
	k.set(0)
	k.set(0, 1)
	require.Equal(t, []int{1}, v.after(t, k))
	require.Len(t, lines.With("pinned to its CPU again"), 1)
}
