package engine

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// fakeTasks is a process with threads 1, 2, ..., on a machine whose CPUs come and go. Threads may start and end while they are looked at.
type fakeTasks struct {
	cpus  affinity.Set
	asked map[int]affinity.Set // by thread: the mask that was set
	pins  int
	begin func() // before threads are listed
	asks  func() // before a mask is read
}

var errEnded = errors.New("no such thread")

func (k *fakeTasks) list() []int {
	if k.begin != nil {
		k.begin()
	}
	return slices.Sorted(maps.Keys(k.asked))
}

func (k *fakeTasks) allowed(tid int) (affinity.Set, error) {
	if k.asks != nil {
		k.asks()
	}
	mask, there := k.asked[tid]
	if !there {
		return mask, errEnded
	}
	if left := mask.And(k.cpus); !left.Empty() {
		return left, nil
	}
	return k.cpus, nil
}

func (k *fakeTasks) pin(tid int, cpus affinity.Set) error {
	k.pins++
	if _, there := k.asked[tid]; !there {
		return errEnded
	}
	if cpus.And(k.cpus).Empty() {
		return errNoCPU
	}
	k.asked[tid] = cpus
	return nil
}

// requireMasks compares what threads may run on, by thread from 1 on.
func (k *fakeTasks) requireMasks(t *testing.T, want ...affinity.Set) {
	t.Helper()
	for i, mask := range want {
		got, err := k.allowed(i + 1)
		require.NoError(t, err)
		require.Equal(t, mask, got, "thread %d", i+1)
	}
}

var (
	four     = affinity.Of(0, 1, 2, 3)
	isWorker = map[int]bool{9: true}
)

// confinable makes a process of threads with these masks, and a worker, 9, on CPU 3.
func confinable(masks ...affinity.Set) (*confinement, *fakeTasks) {
	k := &fakeTasks{cpus: four, asked: map[int]affinity.Set{9: affinity.Of(3)}}
	for i, mask := range masks {
		k.asked[i+1] = mask
	}
	return &confinement{kernel: tasks{k.list, k.allowed, k.pin}, usual: four}, k
}

func TestConfine(t *testing.T) {
	c, k := confinable(four, affinity.Of(1), affinity.Of(2, 3), affinity.Of(3), four)
	room := affinity.Of(0, 1, 2)
	require.Equal(t, room, c.apply(affinity.Of(3), isWorker))
	k.requireMasks(t, room, affinity.Of(1), affinity.Of(2), room, room)
	require.Equal(t, affinity.Of(3), k.asked[9], "the worker's")
	pins := k.pins
	require.Equal(t, room, c.apply(affinity.Of(3), isWorker))
	require.Equal(t, pins, k.pins, "nothing is left to do")
	require.Equal(t, four, c.before(1, room))
	require.Equal(t, four, c.before(77, room), "a thread that is new")
	require.Equal(t, affinity.Of(1), c.before(2, affinity.Of(1)))
	c.end(isWorker)
	k.requireMasks(t, four, affinity.Of(1), affinity.Of(2, 3), affinity.Of(3), four)
	require.Equal(t, room, c.before(1, room), "it is over")
}

func TestConfineFindsThreadsThatStartLater(t *testing.T) {
	c, k := confinable(four)
	room := affinity.Of(0, 1, 2)
	c.apply(affinity.Of(3), isWorker)
	k.asked[2] = four           // started by one that was not confined yet
	k.asked[3] = affinity.Of(3) // by the worker
	k.asked[4] = room           // by one that was
	k.asked[5] = affinity.Of(0) // and bound by its owner
	k.asked[6] = affinity.Of(0) // this one will be a worker soon
	c.apply(affinity.Of(3), isWorker)
	k.requireMasks(t, room, room, room, room, affinity.Of(0))
	both := map[int]bool{9: true, 6: true}
	k.asked[6] = affinity.Of(2)
	c.apply(affinity.Of(2, 3), both)
	k.requireMasks(t, affinity.Of(0, 1), affinity.Of(0, 1), affinity.Of(0, 1), affinity.Of(0, 1), affinity.Of(0))
	k.asked[7] = room // inherited before its parent's mask was changed again
	c.end(both)
	k.requireMasks(t, four, four, affinity.Of(3), four, affinity.Of(0), affinity.Of(2), four)
}

func TestConfineAndThreadsThatEnd(t *testing.T) {
	c, k := confinable(four, affinity.Of(2, 3))
	c.apply(affinity.Of(3), isWorker)
	delete(k.asked, 2)
	c.apply(affinity.Of(3), isWorker)
	k.asked[2] = affinity.Of(0, 1, 2) // another thread with the same id
	c.apply(affinity.Of(3), isWorker)
	looked := k.allowed
	c.kernel.allowed = func(tid int) (affinity.Set, error) { // it ends between two calls
		mask, err := looked(tid)
		delete(k.asked, 1)
		return mask, err
	}
	c.end(isWorker)
	require.Equal(t, four, k.asked[2])
}

// Threads start while the confinement ends, from parents that it has not come to yet.
func TestConfineEndsForThreadsThatStartMeanwhile(t *testing.T) {
	c, k := confinable(four, affinity.Of(0, 1, 2))
	c.apply(affinity.Of(3), isWorker)
	next := 10
	k.begin = func() {
		if next < 15 {
			k.asked[next] = affinity.Of(0, 1, 2)
			next++
		}
	}
	c.end(isWorker)
	for tid := 10; tid < 15; tid++ {
		require.Equal(t, four, k.asked[tid])
	}
	require.Equal(t, affinity.Of(0, 1, 2), k.asked[2], "as it was before, though it looks like an inherited one")
}

func TestConfineLeavesAloneWhatOthersDoMeanwhile(t *testing.T) {
	c, k := confinable(four, four, four, four)
	c.apply(affinity.Of(3), isWorker)
	k.asked[1] = affinity.Of(0)
	k.asked[2] = affinity.Of(1, 3)
	c.apply(affinity.Of(3), isWorker)
	k.requireMasks(t, affinity.Of(0), affinity.Of(1), affinity.Of(0, 1, 2), affinity.Of(0, 1, 2))
	k.asked[3] = affinity.Of(2)
	c.end(isWorker)
	k.requireMasks(t, affinity.Of(0), affinity.Of(1, 3), affinity.Of(2), four)
}

func TestConfineWithoutRoom(t *testing.T) {
	c, k := confinable(four)
	require.Empty(t, c.apply(four, isWorker))
	k.requireMasks(t, four)
	c.apply(affinity.Of(3), isWorker)
	require.Empty(t, c.apply(four, isWorker), "no longer")
	k.requireMasks(t, four)
	require.Equal(t, affinity.Of(1), c.apply(affinity.Of(0, 2, 3), isWorker))
	k.requireMasks(t, affinity.Of(1))
	c.end(isWorker)
	k.requireMasks(t, four)
}

func TestConfineAndTheCPUSet(t *testing.T) {
	c, k := confinable(four, affinity.Of(1, 3))
	c.apply(affinity.Of(3), isWorker)
	k.cpus = affinity.Of(0, 2, 3) // CPU 1 goes: threads keep what is left to them, and one has nothing left
	require.Equal(t, affinity.Of(0, 1, 2), c.apply(affinity.Of(3), isWorker))
	k.requireMasks(t, affinity.Of(0, 2))
	k.cpus = four
	c.apply(affinity.Of(3), isWorker)
	k.requireMasks(t, affinity.Of(0, 1, 2))
	k.cpus = affinity.Of(3)
	require.Empty(t, c.apply(affinity.Of(3), isWorker), "what was left to them has gone")
	k.cpus = four
	c.apply(affinity.Of(3), isWorker)
	k.requireMasks(t, affinity.Of(0, 1, 2))
	k.cpus = affinity.Of(0, 3)
	c.end(isWorker)
	k.cpus = four
	k.requireMasks(t, four)
}

// A thread that was started by a confined one gets its CPUs back also where these were outside of the cpuset when the confinement ended.
func TestConfineEndsWhileTheCPUSetIsSmall(t *testing.T) {
	for _, small := range []affinity.Set{affinity.Of(0, 3), affinity.Of(3), affinity.Of(0)} {
		c, k := confinable(four, affinity.Of(1))
		c.apply(affinity.Of(3), isWorker)
		k.asked[10] = affinity.Of(0, 1, 2)
		k.cpus = small
		c.end(isWorker)
		k.cpus = four
		k.requireMasks(t, four, affinity.Of(1))
		require.Equal(t, four, k.asked[10])
	}
}

// A cpuset shrinks, and grows again, in the middle of a scan.
func TestConfineWhileTheCPUSetChanges(t *testing.T) {
	for _, small := range []affinity.Set{affinity.Of(0, 3), affinity.Of(3), affinity.Of(0)} {
		for shrink := range 40 {
			for grow := range 12 {
				c, k := confinable(four, four, affinity.Of(0, 1), four)
				asked := 0
				k.asks = func() {
					switch asked++; asked {
					case 11 + shrink: // after the first scan
						k.cpus = small
					case 12 + shrink + grow:
						k.cpus = four
					}
				}
				for range 6 {
					c.apply(affinity.Of(3), isWorker)
				}
				k.asks, k.cpus = nil, four
				c.apply(affinity.Of(3), isWorker)
				k.requireMasks(t, affinity.Of(0, 1, 2), affinity.Of(0, 1, 2), affinity.Of(0, 1), affinity.Of(0, 1, 2))
				c.end(isWorker)
				k.requireMasks(t, four, four, affinity.Of(0, 1), four)
			}
		}
	}
}
