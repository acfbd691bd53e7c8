package ring_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
)

// What HeadTime may answer while one producer pushes and one consumer pops.
// Push number i of n events carries the stamp i*n+1, so a stamp names the
// events of its push.
//
//	allowed    the stamp of a push that held the head at some time during the call
//	forbidden  a push all of whose events had been popped before the call
//	forbidden  a push that had not begun when the call returned
//	forbidden  a push beyond all events whose pop had begun when the call returned
//	forbidden  a stamp that was never given, such as 0
//	forbidden  an earlier push than the same reader has seen before
func TestHeadTimeLitmus(t *testing.T) {
	events := int64(60_000)
	if invariant.Enabled || testing.Short() {
		events = 5_000
	}
	eachKind(t, func(t *testing.T, k kind) {
		for _, procs := range []int{1, 2, 4} {
			for _, capacity := range []int{2, 8} {
				for _, span := range []int64{1, 2, 5} {
					if span > int64(capacity) {
						continue
					}
					t.Run(fmt.Sprintf("procs=%d/capacity=%d/span=%d", procs, capacity, span), func(t *testing.T) {
						withProcs(t, procs)
						l := headLitmus{q: make1[int64](k, capacity, k.starts[len(k.starts)-2]), span: span, events: events / span * span}
						l.run(t)
					})
				}
			}
		}
	})
}

type headLitmus struct {
	q            queue[int64]
	span, events int64

	pushing atomic.Int64 // events whose push has begun
	popping atomic.Int64 // events whose pop has begun, or might have
	popped  atomic.Int64 // events whose pop has returned
}

func (l *headLitmus) run(t *testing.T) {
	var wg sync.WaitGroup
	wg.Go(l.push)
	wg.Go(l.pop)
	for range 2 {
		wg.Go(func() { l.read(t) })
	}
	wg.Wait()
}

func (l *headLitmus) push() {
	items := make([]int64, l.span)
	for first := int64(0); first < l.events; first += l.span {
		l.pushing.Store(first + l.span)
		for !l.q.PushAll(items, first+1) {
			runtime.Gosched()
		}
	}
}

// pop takes one, two and three events in turn, so that spans are popped in
// parts and across their ends.
func (l *headLitmus) pop() {
	dst := make([]int64, 3)
	popped := int64(0)
	for i := 0; popped < l.events; i++ {
		want := 1 + i%len(dst)
		l.popping.Store(popped + int64(want))
		n, _ := l.q.PopBatch(dst[:want])
		popped += int64(n)
		l.popped.Store(popped)
		if n == 0 {
			runtime.Gosched()
		}
	}
}

func (l *headLitmus) read(t *testing.T) {
	for last := int64(0); ; {
		popped := l.popped.Load()
		if popped == l.events {
			return
		}
		stamp, ok := l.q.HeadTime()
		popping, pushing := l.popping.Load(), l.pushing.Load()
		if !ok {
			runtime.Gosched()
			continue
		}
		first := stamp - 1
		switch {
		case first < 0 || first%l.span != 0:
			t.Errorf("stamp %d was never given", stamp)
		case first+l.span <= popped:
			t.Errorf("push %d+%d, but %d events had been popped before", first, l.span, popped)
		case first >= pushing:
			t.Errorf("push %d, but only %d events had been pushed at the end", first, pushing)
		case first > popping:
			t.Errorf("push %d, but the head cannot have been past %d", first, popping)
		case first < last:
			t.Errorf("push %d after push %d", first, last)
		default:
			last = first
			runtime.Gosched()
			continue
		}
		return
	}
}

// Seal is a cut: what was claimed before it comes out, however late it is
// published; what begins after it has returned is refused; and when all that
// was accepted has come out, Len is 0.
func TestSealIsACut(t *testing.T) {
	rounds := 3000
	if invariant.Enabled || testing.Short() {
		rounds = 600
	}
	for _, k := range kinds[1:3] {
		for _, procs := range []int{1, 2, 4} {
			t.Run(fmt.Sprintf("%s/procs=%d", k.name, procs), func(t *testing.T) {
				withProcs(t, procs)
				for round := range rounds {
					sealCut(t, make1[int](k, 64, k.starts[round%len(k.starts)]), round)
				}
			})
		}
	}
}

func sealCut(t *testing.T, q queue[int], round int) {
	const producers = 2
	s := q.(sealer)
	var sealed atomic.Bool // Seal has returned
	var accepted, popped atomic.Int64
	var pushing, popping sync.WaitGroup
	for p := range producers {
		pushing.Go(func() {
			batch := make([]int, 1+p)
			for {
				late := sealed.Load()
				n := q.PushBatch(batch, 1)
				accepted.Add(int64(n))
				if late && n > 0 {
					t.Errorf("pushed %d events after Seal", n)
				}
				if n == 0 {
					if s.Sealed() {
						return
					}
					runtime.Gosched()
				}
			}
		})
	}
	popping.Go(func() {
		dst := make([]int, 16)
		for !sealed.Load() || popped.Load() < accepted.Load() {
			n, _ := q.PopBatch(dst)
			popped.Add(int64(n))
			if n == 0 {
				runtime.Gosched()
			}
		}
	})
	for popped.Load() < int64(round%100) {
		runtime.Gosched()
	}
	s.Seal()
	sealed.Store(true)
	pushing.Wait()
	popping.Wait()
	for n := 1; n > 0; { // what was accepted after the consumer had looked
		n, _ = q.PopBatch(make([]int, q.Cap()))
		popped.Add(int64(n))
	}
	require.Equal(t, accepted.Load(), popped.Load())
	require.Zero(t, q.Len())
}

// What Len may answer while others work.
//
//	forbidden  less than 0, more than Cap
//	forbidden  less than was pushed before, less what can have been popped by the end
//	forbidden  more than can have been pushed by the end, less what was popped before
func TestLenLitmus(t *testing.T) {
	events := 40_000
	if invariant.Enabled || testing.Short() {
		events = 8_000
	}
	eachKind(t, func(t *testing.T, k kind) {
		for _, procs := range []int{1, 2, 4} {
			for _, capacity := range []int{4, 1024} {
				t.Run(fmt.Sprintf("procs=%d/capacity=%d", procs, capacity), func(t *testing.T) {
					withProcs(t, procs)
					lenLitmus(t, make1[int](k, capacity, k.starts[len(k.starts)-2]), events)
				})
			}
		}
	})
}

func lenLitmus(t *testing.T, q queue[int], events int) {
	var pushing, pushed, popping, popped atomic.Int64 // begun and ended
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range events {
			pushing.Add(1)
			for !q.Push(i, 1) {
				runtime.Gosched()
			}
			pushed.Add(1)
		}
	})
	wg.Go(func() {
		for range events {
			popping.Add(1)
			for {
				if _, _, ok := q.Pop(); ok {
					break
				}
				runtime.Gosched()
			}
			popped.Add(1)
		}
	})
	defer wg.Wait()
	for popped.Load() < int64(events) {
		in, out := pushed.Load(), popped.Load()
		n := int64(q.Len())
		least, most := in-popping.Load(), pushing.Load()-out
		if n < max(0, least) || n > min(most, int64(q.Cap())) {
			t.Errorf("length %d, not within %d and %d", n, least, most)
			return
		}
		runtime.Gosched()
	}
}
