//go:build invariants || race || yield

package ring_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
)

// delay stops whoever comes to a window, now and then: mostly for as long as
// others need for some calls, seldom for as long as a thread that is preempted.
func delay(t *testing.T) {
	t.Cleanup(yield.Intercept(func() {
		switch n := rand.IntN(1 << 14); {
		case n == 0:
			time.Sleep(100 * time.Microsecond)
		case n < 1<<6:
			for range 1 + n/4 {
				runtime.Gosched()
			}
		case n < 1<<8:
			runtime.Gosched()
		}
	}))
}

// hold makes a call in another goroutine and stops it at its nth window, until
// goOn is called, which returns when the call has. It is nil if the call comes
// to fewer windows; then it has ended.
func hold(n int, call func()) (goOn func()) {
	held, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	undo := yield.Intercept(func() { // nobody else makes calls until it is undone
		if n--; n == 0 {
			close(held)
			<-release
		}
	})
	defer undo()
	go func() {
		defer close(ended)
		call()
	}()
	select {
	case <-held:
		return func() { close(release); <-ended }
	case <-ended:
		return nil
	}
}

type heldCall struct {
	name   string
	events int
	call   func(q queue[int]) (events []int, ok bool)
}

// The calls of each side. Events 1 and 2 are pushed, and popped those that have the stamp 10.
var pushes = []heldCall{
	{"Push", 1, func(q queue[int]) ([]int, bool) { return nil, q.Push(1, 11) }},
	{"PushBatch", 2, func(q queue[int]) ([]int, bool) { return nil, q.PushBatch([]int{1, 2}, 11) == 2 }},
	{"PushAll", 2, func(q queue[int]) ([]int, bool) { return nil, q.PushAll([]int{1, 2}, 11) }},
}

var pops = []heldCall{
	{"Pop", 1, func(q queue[int]) ([]int, bool) { v, stamp, ok := q.Pop(); return []int{v}, ok && stamp == 10 }},
	{"PopBatch", 2, func(q queue[int]) ([]int, bool) {
		dst := make([]int, 2)
		n, stamp := q.PopBatch(dst)
		return dst[:n], stamp == 10
	}},
}

// eachWindow holds the calls at each of their windows in turn, and goes on with f.
// f returns whether the call had claimed when it was held; some have to.
func eachWindow(t *testing.T, calls []heldCall, f func(t *testing.T, k kind, q queue[int], held heldCall, n int) (windows, claimed bool)) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, call := range calls {
			t.Run(call.name, func(t *testing.T) {
				found := false
				for n := 1; ; n++ {
					for _, start := range k.starts {
						windows, claimed := f(t, k, make1[int](k, 8, start), call, n)
						found = found || claimed
						if !windows {
							require.True(t, found, "no window is between the claim and its end")
							return
						}
					}
				}
			})
		}
	})
}

// A push that is stopped hides the events that were claimed after it, from its
// claim until it publishes, and holds back nothing else: others claim and
// publish as many as there is room for, events before it can be popped, and
// Len counts them all.
func TestHeldPush(t *testing.T) {
	eachWindow(t, pushes, func(t *testing.T, k kind, q queue[int], held heldCall, n int) (windows, claimed bool) {
		require.True(t, q.Push(0, 10))
		ok := false
		goOn := hold(n, func() { _, ok = held.call(q) })
		if goOn == nil {
			require.True(t, ok)
			return false, false
		}
		mine := q.Len() - 1
		require.Contains(t, []int{0, held.events}, mine)
		others := []int{}
		if k.producers != 1 {
			others = ints(100, 7-mine)
			require.Equal(t, len(others), q.PushBatch(ints(100, 8), 12), "as many as there are slots")
			require.False(t, q.Push(0, 12))
		}
		waiting := 1 + mine + len(others)
		require.Equal(t, waiting, q.Len())
		v, stamp, popped := q.Pop()
		require.True(t, popped, "what was published before")
		require.Equal(t, []int64{0, 10}, []int64{int64(v), stamp})
		require.Equal(t, waiting-1, q.Len())

		pushed := ints(1, held.events)
		dst := make([]int, 8)
		got, _ := q.PopBatch(dst)
		out := slices.Clone(dst[:got])
		switch {
		case mine == 0:
			require.Equal(t, others, out, "nothing is hidden before the claim")
		case k.producers == 1 && got > 0:
			require.Equal(t, pushed, out, "held after it has published")
		default:
			require.Empty(t, out, "hidden")
			_, _, popped = q.Pop()
			require.False(t, popped)
			_, waits := q.HeadTime()
			require.False(t, waits)
		}
		goOn()
		require.True(t, ok)
		got, _ = q.PopBatch(dst)
		out = append(out, dst[:got]...)
		if mine > 0 {
			require.Equal(t, slices.Concat(pushed, others), out)
		} else {
			require.Equal(t, slices.Concat(others, pushed), out)
		}
		requireWhole(t, q)
		return true, mine > 0
	})
}

// A pop that is stopped keeps the slots behind what it took from being filled,
// from its claim until it frees them, and holds back nothing else: others pop
// all there is, and producers fill what was free before.
func TestHeldPop(t *testing.T) {
	eachWindow(t, pops, func(t *testing.T, k kind, q queue[int], held heldCall, n int) (windows, claimed bool) {
		require.True(t, q.PushAll(ints(0, 6), 10))
		var took []int
		ok := false
		goOn := hold(n, func() { took, ok = held.call(q) })
		if goOn == nil {
			require.True(t, ok)
			require.Equal(t, ints(0, held.events), took)
			return false, false
		}
		theirs := 6 - q.Len()
		require.Contains(t, []int{0, held.events}, theirs)
		rest := ints(theirs, 6-theirs)
		dst := make([]int, 8)
		if k.consumers != 1 {
			got, stamp := q.PopBatch(dst)
			require.Equal(t, rest, dst[:got], "all that is there")
			require.Equal(t, int64(10), stamp)
			rest = nil
		}
		require.True(t, q.PushAll([]int{100, 101}, 12), "slots that were free before")
		if theirs > 0 || k.consumers == 1 { // the slots of who took before us would be free
			require.False(t, q.Push(102, 12))
			require.Zero(t, q.PushBatch([]int{102}, 12))
		}
		require.Equal(t, len(rest)+2, q.Len())

		goOn()
		if !ok { // everything had been taken when it looked again
			require.Equal(t, k.consumers, 0)
			require.Equal(t, []int{100, 101}[:held.events], took)
			rest = []int{100, 101}[held.events:]
		} else {
			require.Equal(t, ints(0, held.events), took)
			if k.consumers == 1 {
				rest = rest[held.events-theirs:]
			}
			rest = append(rest, 100, 101)
		}
		got, _ := q.PopBatch(dst)
		require.Equal(t, rest, dst[:got])
		requireWhole(t, q)
		return true, theirs > 0 || k.consumers == 1
	})
}

// Calls that others overtake by laps, at any window before their claim, do not
// fail for it: at every moment of these there is room for them, and events.
func TestOvertaken(t *testing.T) {
	for _, k := range kinds[1:] {
		t.Run(k.name, func(t *testing.T) {
			for _, call := range pushes {
				overtake(t, k, call, func(q queue[int], dst []int) { q.PopBatch(dst); q.PushAll(dst, 10) })
			}
			for _, call := range pops {
				if k.consumers != 1 { // nobody else may pop
					overtake(t, k, call, func(q queue[int], dst []int) { q.PushAll(dst, 10); q.PopBatch(dst) })
				}
			}
		})
	}
}

// overtake has a ring of four with two events in it.
func overtake(t *testing.T, k kind, held heldCall, others func(q queue[int], dst []int)) {
	const laps = 3
	for n := 1; ; n++ {
		q := make1[int](k, 4, k.starts[n%len(k.starts)])
		for range 2 { // spans of two, so that none is left of one that was begun
			require.True(t, q.PushAll([]int{7, 8}, 10))
			q.PopBatch(make([]int, 2))
		}
		require.True(t, q.PushAll([]int{7, 8}, 10))
		ok := false
		goOn := hold(n, func() { _, ok = held.call(q) })
		if goOn == nil {
			require.True(t, ok)
			return
		}
		if q.Len() == 2 { // not claimed
			for range 2 * laps {
				others(q, make([]int, 2))
				require.Equal(t, 2, q.Len())
			}
		}
		goOn()
		require.True(t, ok, "%s, overtaken at window %d", held.name, n)
	}
}

// requireWhole finds that all slots of an empty ring can be used.
func requireWhole(t *testing.T, q queue[int]) {
	t.Helper()
	require.Zero(t, q.Len())
	require.Equal(t, q.Cap(), q.PushBatch(make([]int, q.Cap()+1), 20))
	n, _ := q.PopBatch(make([]int, q.Cap()))
	require.Equal(t, q.Cap(), n)
}
