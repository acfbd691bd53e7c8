package ring_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/ring"
)

// A push that has claimed and not yet published holds back the events behind
// it, and nothing else: others push on, and Len counts the claim.
func TestStoppedPush(t *testing.T) {
	for _, k := range kinds[1:] {
		t.Run(k.name, func(t *testing.T) {
			for _, start := range k.starts {
				q := make1[int](k, 8, start)
				require.True(t, q.Push(1, 10))
				publish := ring.HoldPush(q, []int{2, 3}, 11)
				require.Equal(t, 2, q.PushBatch([]int{4, 5}, 12))
				require.True(t, q.Push(6, 13))
				require.Equal(t, 6, q.Len())

				dst := make([]int, 8)
				n, stamp := q.PopBatch(dst)
				require.Equal(t, []int{1}, dst[:n])
				require.Equal(t, int64(10), stamp)

				n, _ = q.PopBatch(dst) // spurious: three events behind the claim are published
				require.Zero(t, n)
				_, _, ok := q.Pop()
				require.False(t, ok)
				_, ok = q.HeadTime()
				require.False(t, ok)
				require.Equal(t, 5, q.Len())
				require.False(t, q.PushAll(make([]int, 4), 14), "claimed slots are taken")

				publish()
				requireHead(t, q, 11)
				n, stamp = q.PopBatch(dst)
				require.Equal(t, []int{2, 3, 4, 5, 6}, dst[:n])
				require.Equal(t, int64(11), stamp)
				require.Zero(t, q.Len())
			}
		})
	}
}

// A pop that has claimed and not yet freed holds back the slots behind it, and
// nothing else: others pop on, and Len does not count what it took.
func TestStoppedPop(t *testing.T) {
	for _, k := range kinds[2:] {
		t.Run(k.name, func(t *testing.T) {
			for _, start := range k.starts {
				q := make1[int](k, 8, start)
				require.True(t, q.PushAll(ints(0, 8), 10))
				free := ring.HoldPop[int](q, 2)
				dst := make([]int, 8)
				n, stamp := q.PopBatch(dst[:3])
				require.Equal(t, []int{2, 3, 4}, dst[:n])
				require.Equal(t, int64(10), stamp)
				require.Equal(t, 3, q.Len())

				require.False(t, q.Push(8, 11), "spurious: three slots behind the claim are free")
				require.Zero(t, q.PushBatch([]int{8, 9}, 11))
				require.False(t, q.PushAll([]int{8, 9}, 11))

				require.Equal(t, []int{0, 1}, free())
				require.Equal(t, 5, q.PushBatch(ints(8, 9), 12))
				requireHead(t, q, 10)
				n, stamp = q.PopBatch(dst)
				require.Equal(t, ints(5, 8), dst[:n])
				require.Equal(t, int64(10), stamp)
			}
		})
	}
}

// A push that claimed before Seal publishes after it, and is not lost.
func TestStoppedPushAndSeal(t *testing.T) {
	for _, k := range kinds[1:3] {
		t.Run(k.name, func(t *testing.T) {
			q := make1[int](k, 8, 0)
			publish := ring.HoldPush(q, []int{1, 2}, 10)
			q.(sealer).Seal()
			require.Nil(t, ring.HoldPush(q, []int{3}, 11))
			require.Equal(t, 2, q.Len(), "not finished")
			_, _, ok := q.Pop()
			require.False(t, ok)
			publish()
			dst := make([]int, 8)
			n, _ := q.PopBatch(dst)
			require.Equal(t, []int{1, 2}, dst[:n])
			require.Zero(t, q.Len())
		})
	}
}

// A pop that was stopped for several laps of the others' positions would be a
// disaster if its slots could be filled meanwhile.
func TestStoppedPopKeepsItsSlots(t *testing.T) {
	for _, k := range kinds[2:] {
		t.Run(k.name, func(t *testing.T) {
			q := make1[int](k, 4, k.starts[len(k.starts)-2])
			require.True(t, q.PushAll(ints(0, 4), 1))
			free := ring.HoldPop[int](q, 1)
			dst := make([]int, 4)
			for next := 1; ; next++ {
				_, _, ok := q.Pop()
				pushed := q.Push(100+next, 1)
				require.False(t, pushed)
				if !ok {
					break
				}
			}
			require.Equal(t, []int{0}, free())
			require.Equal(t, 4, q.PushBatch(ints(4, 6), 2))
			n, _ := q.PopBatch(dst)
			require.Equal(t, ints(4, 4), dst[:n])
		})
	}
}

// Calls of one side do not make one another fall short: where nobody pops, as
// many pushes succeed as there are slots, and where nobody pushes, as many
// pops as there are events.
func TestOwnSideDoesNotInterfere(t *testing.T) {
	rounds := 2000
	if invariant.Enabled || testing.Short() {
		rounds = 60
	}
	const clients, each = 2, 256
	for _, k := range kinds[1:] {
		t.Run(k.name, func(t *testing.T) {
			withProcs(t, clients)
			for round := range rounds {
				q := make1[int](k, clients*each, k.starts[round%len(k.starts)])
				together(clients, func() {
					for i := range each {
						if !q.Push(i, 1) {
							t.Errorf("push %d failed", i)
						}
					}
				})
				popping := clients
				if k.consumers == 1 {
					popping = 1
				}
				together(popping, func() {
					for i := range clients * each / popping {
						if _, _, ok := q.Pop(); !ok {
							t.Errorf("pop %d failed", i)
						}
					}
				})
				require.Zero(t, q.Len())
			}
		})
	}
}

// together runs f in n goroutines that begin at about the same time.
func together(n int, f func()) {
	var waiting atomic.Int64
	waiting.Store(int64(n))
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for waiting.Add(-1); waiting.Load() > 0; {
				runtime.Gosched()
			}
			f()
		})
	}
	wg.Wait()
}
