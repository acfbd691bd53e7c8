package ring_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/ring"
)

// The rings know nothing of fragments, however small the spans were that went
// through them. At rest a push gets all of Cap - Len slots, with one claim, and
// a pop all of Len events. While calls are stopped within their claims, a push
// gets the slots up to the first that was popped and is not freed, whoever
// claimed it, and a pop the events up to the first that was claimed and is not
// published; what lies beyond is not lost to them, but has to wait.
//
// claims is that rule: the slots from the first that is not free on.
type claims struct {
	capacity int
	cells    []cell
}

type cell struct {
	v     int
	state cellState
}

type cellState int

const (
	claimed cellState = iota // by a push
	full
	taken // by a pop
	free
)

// room is what a push finds.
func (c *claims) room() int {
	for len(c.cells) > 0 && c.cells[0].state == free {
		c.cells = c.cells[1:]
	}
	return c.capacity - len(c.cells)
}

// head is the place of the next pop, and ready how many events it finds.
func (c *claims) head() (head, ready int) {
	for head < len(c.cells) && c.cells[head].state >= taken {
		head++
	}
	for head+ready < len(c.cells) && c.cells[head+ready].state == full {
		ready++
	}
	return head, ready
}

func (c *claims) push(items []int, s cellState) {
	for _, v := range items {
		c.cells = append(c.cells, cell{v, s})
	}
}

// set gives the cells of items a state.
func (c *claims) set(items []int, s cellState) {
	for i := range c.cells {
		if slices.Contains(items, c.cells[i].v) {
			c.cells[i].state = s
		}
	}
}

// take is a pop of at most n.
func (c *claims) take(n int, s cellState) (items []int) {
	head, ready := c.head()
	items = []int{}
	for i := head; i < head+min(n, ready); i++ {
		items = append(items, c.cells[i].v)
		c.cells[i].state = s
	}
	return items
}

// TestFragments makes random calls, of which some are stopped within their
// claims and go on later, in any order, and compares each with the rule.
func TestFragments(t *testing.T) {
	rounds := 300
	if invariant.Enabled || testing.Short() {
		rounds = 60
	}
	rng := rand.New(rand.NewPCG(seed(), 7))
	for _, k := range kinds[1:] {
		t.Run(k.name, func(t *testing.T) {
			for round := range rounds {
				capacity := 2 << rng.IntN(10)
				f := fragments{
					T: t, Rand: rng, claims: claims{capacity: capacity},
					kind: k, q: make1[int](k, capacity, k.starts[round%len(k.starts)]),
				}
				for range 300 {
					f.step()
				}
				f.rest()
			}
		})
	}
}

type fragments struct {
	*testing.T
	*rand.Rand
	claims
	kind kind
	q    queue[int]
	next int
	held []func() // the rest of calls that are stopped
}

// some is a size: mostly small, now and then about the ring's.
func (f *fragments) some() int {
	if f.IntN(4) == 0 {
		return 1 + f.IntN(f.capacity+2)
	}
	return 1 + f.IntN(min(f.capacity, 5))
}

func (f *fragments) items() []int {
	items := ints(f.next, f.some())
	f.next += len(items)
	return items
}

func (f *fragments) step() {
	switch f.IntN(7) {
	case 0, 1:
		items, room := f.items(), f.room()
		n := f.q.PushBatch(items, 1)
		require.Equal(f, min(len(items), room), n)
		f.push(items[:n], full)
	case 2:
		items, room := f.items(), f.room()
		fits := len(items) <= room
		require.Equal(f, fits, f.q.PushAll(items, 1), "%d, room %d", len(items), room)
		if fits {
			f.push(items, full)
		}
	case 3, 4:
		dst := make([]int, f.some())
		n, _ := f.q.PopBatch(dst)
		require.Equal(f, f.take(len(dst), free), dst[:n])
	case 5:
		f.stop()
	case 6:
		if len(f.held) > 0 {
			i := f.IntN(len(f.held))
			f.held[i]()
			f.held = slices.Delete(f.held, i, i+1)
		}
	}
}

// stop begins a call that goes on later.
func (f *fragments) stop() {
	if _, ready := f.head(); ready > 0 && f.kind.consumers == 0 && f.IntN(2) == 0 {
		want := f.take(f.some(), taken)
		end := ring.HoldPop[int](f.q, len(want))
		f.held = append(f.held, func() {
			require.Equal(f, want, end())
			f.set(want, free)
		})
		return
	}
	items := f.items()
	end := ring.HoldPush(f.q, items, 1)
	require.Equal(f, len(items) <= f.room(), end != nil)
	if end != nil {
		f.push(items, claimed)
		f.held = append(f.held, func() {
			end()
			f.set(items, full)
		})
	}
}

// rest ends what is stopped, and finds all of the ring in one piece.
func (f *fragments) rest() {
	for _, end := range f.held {
		end()
	}
	require.Equal(f, f.room(), f.capacity-f.q.Len())
	requireOnePiece(f.T, f.q)
}

// requireOnePiece finds that a ring nobody uses has no fragments.
func requireOnePiece(t *testing.T, q queue[int]) {
	t.Helper()
	room := q.Cap() - q.Len()
	require.False(t, q.PushAll(make([]int, room+1), 1))
	require.True(t, q.PushAll(make([]int, room), 1), "%d slots are free", room)
	n, _ := q.PopBatch(make([]int, q.Cap()))
	require.Equal(t, q.Cap(), n)
}

// Goroutines push and pop small mixed batches at the same time; whenever they
// have ended, what is free is in one piece.
func TestRestHasNoFragments(t *testing.T) {
	rounds := 400
	if invariant.Enabled || testing.Short() {
		rounds = 60
	}
	delay(t)
	eachKind(t, func(t *testing.T, k kind) {
		for _, capacity := range []int{4, 64, 1024} {
			t.Run(fmt.Sprintf("capacity=%d", capacity), func(t *testing.T) {
				withProcs(t, 2)
				for round := range rounds {
					q := make1[int](k, capacity, k.starts[round%len(k.starts)])
					mixed(k, q, uint64(round))
					requireOnePiece(t, q)
				}
			})
		}
	})
}

// mixed pushes and pops from two goroutines a side, or one.
func mixed(k kind, q queue[int], round uint64) {
	var group sync.WaitGroup
	side := func(only, id uint64, call func(n int)) {
		if only == 1 && id == 1 {
			return
		}
		group.Go(func() {
			rng := rand.New(rand.NewPCG(seed()+round, id))
			for range 100 {
				call(1 + rng.IntN(min(q.Cap(), 9)))
			}
		})
	}
	for id := range uint64(2) {
		side(uint64(k.producers), id, func(n int) { q.PushBatch(make([]int, n), 1) })
		side(uint64(k.consumers), id, func(n int) { q.PopBatch(make([]int, n)) })
	}
	group.Wait()
}
