//go:build yield && !invariants && !race

package ring_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/ring"
)

// TestSchedulesOfReaders is the litmus tests of HeadTime and Len on schedules:
// one producer, one consumer, and two that look on. As only one of them runs at a time, counters
// say exactly which calls have begun and ended.
func TestSchedulesOfReaders(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		schedules(t, k, func(p *play) { (&readers{play: p}).run() })
	})
}

// readers counts events. Push number i of span events has the stamp i*span+1.
type readers struct {
	*play
	span                             int
	pushing, pushed, popping, popped int // by calls that have begun, at most, and ended
}

func (r *readers) run() {
	r.span = 1 + r.IntN(min(r.q.Cap(), 3))
	var cast sync.WaitGroup
	yield.Go(&cast, r.push)
	yield.Go(&cast, r.pop)
	for range 2 {
		yield.Go(&cast, r.read)
	}
	yield.Wait(&cast)
}

func (r *readers) push() {
	items := make([]int, r.span)
	for range 4 + r.IntN(12) {
		r.pushing = r.pushed + r.span
		if r.q.PushAll(items, int64(r.pushed+1)) {
			r.pushed += r.span
		}
		r.pushing = r.pushed
	}
}

func (r *readers) pop() {
	for range 4 + r.IntN(16) {
		dst := make([]int, 1+r.IntN(3))
		r.popping = r.popped + len(dst)
		n, _ := r.q.PopBatch(dst)
		r.popped += n
		r.popping = r.popped
	}
}

func (r *readers) read() {
	last := 0
	for range 2 + r.IntN(8) {
		if r.IntN(2) == 0 {
			r.length()
		} else {
			last = r.headTime(last)
		}
	}
}

func (r *readers) length() {
	in, out := r.pushed, r.popped
	n := r.q.Len()
	least, most := in-r.popping, r.pushing-out
	r.check(n >= max(0, least) && n <= min(most, r.q.Cap()), "length %d, not within %d and %d", n, least, most)
}

// headTime holds HeadTime to what TestHeadTimeLitmus lists, and to finding what was there all the while.
func (r *readers) headTime(last int) int {
	in, out := r.pushed, r.popped
	stamp, ok := r.q.HeadTime()
	if !ok {
		r.check(in <= r.popping, "no head time, with %d events pushed and at most %d popped", in, r.popping)
		return last
	}
	first := int(stamp) - 1
	r.check(first >= 0 && first%r.span == 0, "stamp %d was never given", stamp)
	r.check(first+r.span > out, "push %d+%d, but %d events had been popped before", first, r.span, out)
	r.check(first < r.pushing, "push %d, but only %d events had been pushed at the end", first, r.pushing)
	r.check(first <= r.popping, "push %d, but the head cannot have been past %d", first, r.popping)
	r.check(first >= last, "push %d after push %d", first, last)
	return first
}

// A batch of several spans becomes visible all at once: somebody who pops
// meanwhile gets nothing, or all.
func TestLongBatchAppearsAtOnce(t *testing.T) {
	const capacity, long = 4 * ring.MaxSpan, 3*ring.MaxSpan + 5
	for _, k := range kinds {
		for seed := range uint64(300) {
			q := make1[int](k, capacity, k.starts[int(seed)%len(k.starts)])
			sizes := map[int]bool{}
			require.NoError(t, yield.Schedule{Seed: seed}.Run(func() {
				yield.Go(nil, func() { q.PushAll(make([]int, long), 1) })
				for range 20 {
					n, _ := q.PopBatch(make([]int, capacity))
					sizes[n] = true
					yield.Point()
				}
			}))
			delete(sizes, 0)
			delete(sizes, long)
			require.Empty(t, sizes)
		}
	}
}
