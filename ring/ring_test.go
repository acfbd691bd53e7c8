package ring_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/ring"
)

func TestCheckCapacity(t *testing.T) {
	for _, c := range []int{2, 4, 1024, ring.MaxCapacity} {
		require.NoError(t, ring.CheckCapacity(c))
	}
	for _, c := range []int{math.MinInt, -2, -1, 0, 1, 3, 6, 1000, 1<<22 + 1, 1 << 23, math.MaxInt} {
		want := fmt.Sprintf("ring: capacity %d is not a power of two from 2 to 4194304", c)
		require.EqualError(t, ring.CheckCapacity(c), want)
		require.PanicsWithValue(t, want, func() { ring.NewSPSC[int](c) })
		require.PanicsWithValue(t, want, func() { ring.NewMPSC[int](c) })
		require.PanicsWithValue(t, want, func() { ring.NewMPMC[int](c) })
		require.PanicsWithValue(t, want, func() { ring.NewSlot[int](c) })
	}
}

func TestEmpty(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, start := range k.starts {
			q := make1[int](k, 4, start)
			require.Equal(t, 4, q.Cap())
			require.Zero(t, q.Len())
			_, ok := q.HeadTime()
			require.False(t, ok)
			_, _, ok = q.Pop()
			require.False(t, ok)
			n, stamp := q.PopBatch(make([]int, 3))
			require.Zero(t, n)
			require.Zero(t, stamp)
		}
	})
}

func TestFIFOAndStamps(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, start := range k.starts {
			q := make1[int](k, 8, start)
			require.Equal(t, 3, q.PushBatch([]int{1, 2, 3}, 100))
			require.True(t, q.Push(4, 101))
			require.True(t, q.PushAll([]int{5, 6}, 102))
			require.Equal(t, 6, q.Len())

			requireHead(t, q, 100)
			v, stamp, ok := q.Pop()
			require.True(t, ok)
			require.Equal(t, 1, v)
			require.Equal(t, int64(100), stamp)

			requireHead(t, q, 100) // the rest of the first batch keeps its time
			dst := make([]int, 4)
			n, stamp := q.PopBatch(dst)
			require.Equal(t, []int{2, 3, 4, 5}, dst[:n])
			require.Equal(t, int64(100), stamp)

			requireHead(t, q, 102)
			n, stamp = q.PopBatch(dst)
			require.Equal(t, []int{6}, dst[:n])
			require.Equal(t, int64(102), stamp)
			require.Zero(t, q.Len())
		}
	})
}

func requireHead[T any](t *testing.T, q queue[T], want int64) {
	t.Helper()
	stamp, ok := q.HeadTime()
	require.True(t, ok)
	require.Equal(t, want, stamp)
}

func TestFull(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, start := range k.starts {
			q := make1[int](k, 4, start)
			require.Equal(t, 4, q.PushBatch([]int{1, 2, 3, 4, 5, 6}, 1), "as many as fit")
			require.Equal(t, 4, q.Len())
			require.False(t, q.Push(9, 2))
			require.Zero(t, q.PushBatch([]int{9}, 2))
			require.False(t, q.PushAll([]int{9}, 2))
			_, _, ok := q.Pop()
			require.True(t, ok)
			require.False(t, q.PushAll([]int{9, 9}, 2), "one slot is not enough for two")
			require.Equal(t, 3, q.Len(), "a failed push leaves nothing")
			require.True(t, q.PushAll([]int{5}, 3))
			dst := make([]int, 9)
			n, stamp := q.PopBatch(dst)
			require.Equal(t, []int{2, 3, 4, 5}, dst[:n])
			require.Equal(t, int64(1), stamp)
		}
	})
}

func TestNothingToDo(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		q := make1[int](k, 2, 0)
		require.Zero(t, q.PushBatch(nil, 1))
		require.True(t, q.PushAll(nil, 1))
		require.True(t, q.Push(1, 1))
		require.True(t, q.Push(2, 2))
		require.True(t, q.PushAll([]int{}, 1), "nothing fits into a full ring")
		n, stamp := q.PopBatch(nil)
		require.Zero(t, n)
		require.Zero(t, stamp)
		require.Equal(t, 2, q.Len())
	})
}

func TestBatchLargerThanRing(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, capacity := range []int{2, 8, 256, 512, 4096} {
			q := make1[int](k, capacity, 0)
			items := ints(0, 3*capacity)
			require.False(t, q.PushAll(items, 1))
			require.False(t, q.PushAll(items[:capacity+1], 1))
			require.Zero(t, q.Len())
			require.Equal(t, capacity, q.PushBatch(items, 1))
			dst := make([]int, 3*capacity)
			n, _ := q.PopBatch(dst)
			require.Equal(t, items[:capacity], dst[:n])
			require.True(t, q.PushAll(items[:capacity], 2), "exactly the ring")
			requireHead(t, q, 2)
		}
	})
}

// Batches beyond the longest span are several spans in the ring; the caller
// must not notice.
func TestBatchesAroundMaxSpan(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, start := range k.starts {
			const capacity = 4 * ring.MaxSpan
			q := make1[int](k, capacity, start)
			dst := make([]int, capacity)
			next := 0
			for _, push := range []int{255, 256, 257, 511, 512, 513, 1, 1023, 1024} {
				items := ints(next, push)
				require.True(t, q.PushAll(items, int64(push)))
				require.Equal(t, push, q.Len())
				for got := 0; got < push; {
					n, stamp := q.PopBatch(dst[:min(300, push-got)])
					require.Positive(t, n)
					require.Equal(t, int64(push), stamp)
					require.Equal(t, items[got:got+n], dst[:n])
					got += n
				}
				next += push
			}
		}
	})
}

// Small and large pushes and pops in turn leave spans of every length; the
// whole ring must be usable again afterwards.
func TestFragmentsMerge(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		const capacity = 64
		q := make1[int](k, capacity, 0)
		dst := make([]int, capacity)
		for range 3 {
			for i := range capacity {
				require.True(t, q.Push(i, int64(i)))
			}
			n, stamp := q.PopBatch(dst) // one claim over 64 spans of one
			require.Equal(t, capacity, n)
			require.Zero(t, stamp)
			require.Equal(t, ints(0, capacity), dst)

			require.True(t, q.PushAll(ints(0, capacity), 7))
			for i := range capacity { // 64 claims in one span
				v, stamp, ok := q.Pop()
				require.True(t, ok)
				require.Equal(t, i, v)
				require.Equal(t, int64(7), stamp)
			}
			require.True(t, q.PushAll(ints(0, capacity), 8), "64 free spans of one, one claim")
			n, _ = q.PopBatch(dst)
			require.Equal(t, capacity, n)
		}
	})
}

func ints(from, n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = from + i
	}
	return s
}

func TestSeal(t *testing.T) {
	for _, k := range kinds[1:3] {
		for _, start := range k.starts {
			q := make1[int](k, 4, start)
			s := q.(sealer)
			require.False(t, s.Sealed())
			require.Equal(t, 2, q.PushBatch([]int{1, 2}, 5))
			s.Seal()
			s.Seal()
			require.True(t, s.Sealed())
			require.False(t, q.Push(3, 6))
			require.False(t, q.PushAll([]int{3}, 6))
			require.Zero(t, q.PushBatch([]int{3}, 6))
			require.Equal(t, 2, q.Len())
			requireHead(t, q, 5)
			dst := make([]int, 4)
			n, stamp := q.PopBatch(dst)
			require.Equal(t, []int{1, 2}, dst[:n])
			require.Equal(t, int64(5), stamp)
			require.Zero(t, q.Len())
			require.True(t, s.Sealed())
			require.False(t, q.Push(3, 6), "popping does not open it again")
			_, ok := q.HeadTime()
			require.False(t, ok)
		}
	}
}

type wide struct {
	a [31]int64
	b string
}

func TestTypes(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		t.Run("empty struct", func(t *testing.T) { roundTrip(t, k, make([]struct{}, 7)) })
		t.Run("byte", func(t *testing.T) { roundTrip(t, k, []byte("abcdefg")) })
		t.Run("string", func(t *testing.T) { roundTrip(t, k, []string{"a", "", "b", "c", "d"}) })
		t.Run("pointer", func(t *testing.T) { roundTrip(t, k, []*int{new(int), nil, new(int)}) })
		t.Run("any", func(t *testing.T) { roundTrip(t, k, []any{1, "x", nil, 2.5}) })
		t.Run("array", func(t *testing.T) { roundTrip(t, k, [][3]byte{{1, 2, 3}, {4}, {5}}) })
		t.Run("wide", func(t *testing.T) { roundTrip(t, k, []wide{{b: "x"}, {a: [31]int64{30: 1}}, {}}) })
	})
}

func roundTrip[T any](t *testing.T, k kind, items []T) {
	q := make1[T](k, 8, 5)
	for range 5 {
		require.True(t, q.PushAll(items, 1))
		dst := make([]T, 8)
		n, _ := q.PopBatch(dst)
		require.Equal(t, items, dst[:n])
		for _, v := range items {
			require.True(t, q.Push(v, 2))
		}
		for _, want := range items {
			v, _, ok := q.Pop()
			require.True(t, ok)
			require.Equal(t, want, v)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		q := make1[*int](k, 16, 0)
		items := []*int{new(int), new(int), new(int)}
		dst := make([]*int, 8)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			q.PushBatch(items, 1)
			q.PushAll(items, 2)
			q.Push(items[0], 3)
			q.HeadTime()
			q.Len()
			q.Pop()
			q.PopBatch(dst)
		}))
	})
}
