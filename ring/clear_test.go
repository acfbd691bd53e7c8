package ring_test

import (
	"reflect"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/ring"
)

type big struct{ Body [64]byte }

type holder struct {
	n int
	p *big
}

// What has been popped is not kept alive by the ring; what waits is.
func TestPoppedSlotsAreCleared(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		t.Run("pointer", func(t *testing.T) {
			testCleared(t, k, func(p *big) *big { return p })
		})
		t.Run("struct", func(t *testing.T) {
			testCleared(t, k, func(p *big) holder { return holder{1, p} })
		})
		t.Run("interface", func(t *testing.T) {
			testCleared(t, k, func(p *big) any { return p })
		})
	})
}

func testCleared[T any](t *testing.T, k kind, wrap func(*big) T) {
	const capacity = 8
	for _, pops := range [][]int{{1, 1, 1, 1, 1}, {5}, {2, 3}, {3, 1, 1}} {
		q := make1[T](k, capacity, k.starts[len(k.starts)-2]) // the run goes over the end of the array
		seen := fill(t, q, wrap, capacity)
		popped := 0
		for _, n := range pops {
			drain(t, q, n)
			popped += n
		}
		collected(t, seen[:popped])
		for i, w := range seen[popped:] {
			require.NotNil(t, w.Value(), "waiting event %d", i)
		}
		drain(t, q, capacity-popped)
		collected(t, seen)
		runtime.KeepAlive(q)
	}
}

//go:noinline
func fill[T any](t *testing.T, q queue[T], wrap func(*big) T, n int) []weak.Pointer[big] {
	seen := make([]weak.Pointer[big], n)
	items := make([]T, n)
	for i := range items {
		p := new(big)
		seen[i] = weak.Make(p)
		items[i] = wrap(p)
	}
	require.True(t, q.PushAll(items, 1))
	return seen
}

//go:noinline
func drain[T any](t *testing.T, q queue[T], n int) {
	if n == 1 {
		_, _, ok := q.Pop()
		require.True(t, ok)
		return
	}
	got, _ := q.PopBatch(make([]T, n))
	require.Equal(t, n, got)
}

func collected(t *testing.T, seen []weak.Pointer[big]) {
	t.Helper()
	require.Eventually(t, func() bool {
		runtime.GC()
		for _, w := range seen {
			if w.Value() != nil {
				return false
			}
		}
		return true
	}, 5*time.Second, time.Millisecond, "the ring keeps a popped event alive")
}

func TestHasPointers(t *testing.T) {
	for _, v := range []any{
		0, int8(1), 1.5, 2i, true, uintptr(1),
		[3]int{},
		struct{}{},
		[0]*int{},
		struct {
			a int
			b [2]float32
		}{},
	} {
		require.False(t, ring.HasPointers(reflect.TypeOf(v)), "%T", v)
	}
	for _, v := range []any{
		"",
		[]int{},
		map[int]int{},
		new(int), func() {}, make(chan int),
		[1]string{},
		struct{ a []byte }{},
		struct{ a, b any }{},
		errorBox{},
	} {
		require.True(t, ring.HasPointers(reflect.TypeOf(v)), "%T", v)
	}
}

type errorBox struct{ Err error }
