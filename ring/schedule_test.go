//go:build yield && !invariants && !race

package ring_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
)

// TestSchedules lets two producers and two consumers, or one, call whatever a
// small ring has, one at a time, and a seed says at each window who goes on
// (see internal/yield). Stores are visible at once in such a run: what depends
// on late ones is for the model.
//
//	go test -tags yield -run Schedules ./ring
//
// SEDA_SCHEDULES sets how many schedules each ring is tried with. One that
// fails says how to run it alone.
func TestSchedules(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) { schedules(t, k, (*play).run) })
}

// schedules tries a scenario.
func schedules(t *testing.T, k kind, scenario func(p *play)) {
	n := 5000
	if v, err := strconv.Atoi(os.Getenv("SEDA_SCHEDULES")); err == nil {
		n = v
	}
	for i := range uint64(n) {
		s := yield.Schedule{Seed: seed() + i}
		if err := perform(k, s, scenario); err != nil {
			var steps bytes.Buffer
			s.Trace = &steps
			require.Error(t, perform(k, s, scenario), "the same seed, another schedule")
			lines := strings.SplitAfter(steps.String(), "\n")
			t.Fatalf("found after %d schedules: %v\nto run it alone: TEST_SEED=%d SEDA_SCHEDULES=1\n%s",
				i+1, err, s.Seed, strings.Join(lines[max(len(lines)-60, 0):], ""))
		}
	}
}

// play is one schedule. Only one of its goroutines runs at a time, so that
// nothing here needs a lock.
type play struct {
	*rand.Rand // what differs beside the order
	kind
	q queue[int]

	pushes, pops, others calls
	in                   [][]int // accepted, per producer
	out                  [][]int // popped, per consumer
	waiting              int     // what was accepted by calls that have ended, less what was popped by such
	sealed               bool
	wrong                error // the first thing that went wrong
}

func perform(k kind, s yield.Schedule, scenario func(p *play)) error {
	p := &play{Rand: rand.New(rand.NewPCG(s.Seed, 1)), kind: k}
	p.q = make1[int](k, 2<<p.IntN(3), k.starts[p.IntN(len(k.starts))])
	p.in, p.out = make([][]int, 2), make([][]int, 3)
	err := s.Run(func() { scenario(p) })
	if p.wrong != nil {
		return p.wrong // that it cannot go on may come of that
	}
	return err
}

// calls counts those of one side.
type calls struct{ begun, ended int }

// quiet reports whether none is on its way.
func (c *calls) quiet() bool { return c.begun == c.ended }

func (p *play) check(ok bool, format string, args ...any) {
	if !ok && p.wrong == nil {
		p.wrong = fmt.Errorf(format, args...)
	}
}

func (p *play) run() {
	var cast sync.WaitGroup
	if p.sealing() && p.IntN(3) == 0 {
		yield.Go(&cast, p.seal)
	}
	yield.Go(&cast, func() { p.produce(0) })
	yield.Go(&cast, func() { p.consume(0) })
	if p.producers != 1 {
		yield.Go(&cast, func() { p.produce(1) })
	}
	if p.consumers != 1 {
		yield.Go(&cast, func() { p.consume(1) })
	}
	yield.Go(&cast, p.watch)
	yield.Wait(&cast)

	last := len(p.out) - 1
	for p.pop(last) > 0 {
	}
	p.account()
	p.check(p.q.Len() == 0, "%d events left", p.q.Len())
	room := p.q.Cap()
	if p.sealed {
		room = 0
	}
	n := p.q.PushBatch(make([]int, room+2), 1)
	p.check(n == room, "an empty ring of %d takes %d", room, n)
}

func (p *play) sealing() bool { _, ok := p.q.(sealer); return ok }

func (p *play) seal() {
	p.wander()
	p.call(&p.pushes, nil, func() {
		p.q.(sealer).Seal()
		p.sealed = true
	})
}

// wander lets some steps pass.
func (p *play) wander() {
	for range p.IntN(40) {
		yield.Point()
	}
}

// call makes a call of a side. It reports whether no other call overlapped it,
// and how many wait after it if none of the other side did; else -1.
func (p *play) call(side, other *calls, f func()) (alone bool, left int) {
	all := []*calls{&p.pushes, &p.pops, &p.others}
	begun := func() (n int) {
		for _, c := range all {
			n += c.begun
		}
		return n
	}
	alone = p.pushes.quiet() && p.pops.quiet() && p.others.quiet()
	apart, before := other != nil && other.quiet(), begun()
	var theirs int
	if other != nil {
		theirs = other.begun
	}
	side.begun++
	f()
	side.ended++
	alone = alone && begun() == before+1
	left = -1
	if apart {
		if n := p.q.Len(); other.begun == theirs {
			left = n
		}
	}
	return alone, left
}

// An event names its producer and its place among its events; a push has the
// stamp of its first one.
func eventOf(producer, number int) int { return producer<<16 | number }

func (p *play) produce(id int) {
	for next, calls := 0, 3+p.IntN(4); calls > 0; calls-- {
		items := make([]int, 1+p.IntN(p.q.Cap()+1))
		for i := range items {
			items[i] = eventOf(id, next+i)
		}
		next += p.push(id, items)
	}
}

func (p *play) push(id int, items []int) (n int) {
	waiting, sealed, all := p.waiting, p.sealed, false
	alone, left := p.call(&p.pushes, &p.pops, func() {
		switch stamp := int64(items[0]); p.IntN(3) {
		case 0:
			items = items[:1]
			if p.q.Push(items[0], stamp) {
				n = 1
			}
		case 1:
			if all = true; p.q.PushAll(items, stamp) {
				n = len(items)
			}
		default:
			n = p.q.PushBatch(items, stamp)
		}
		p.waiting += n
	})
	p.in[id] = append(p.in[id], items[:n]...)
	want := min(len(items), p.q.Cap()-waiting)
	if all && want < len(items) {
		want = 0
	}
	switch {
	case sealed:
		p.check(n == 0, "%d events pushed into a sealed ring", n)
	case alone:
		p.check(n == want, "%d of %d events pushed, alone, and %d waited", n, len(items), waiting)
	case left >= 0 && !p.sealed && n < len(items):
		p.check(left == p.q.Cap() || all && left+len(items) > p.q.Cap(), "%d of %d events pushed, nobody popped, and %d wait", n, len(items), left)
	}
	return n
}

func (p *play) consume(id int) {
	for calls := 4 + p.IntN(6); calls > 0; calls-- {
		p.pop(id)
	}
}

func (p *play) pop(id int) (n int) {
	waiting, stamp, ok := p.waiting, int64(0), false
	dst := make([]int, 1+p.IntN(p.q.Cap()+1))
	alone, left := p.call(&p.pops, &p.pushes, func() {
		if len(dst) == 1 {
			if dst[0], stamp, ok = p.q.Pop(); ok {
				n = 1
			}
		} else {
			n, stamp = p.q.PopBatch(dst)
		}
		p.waiting -= n
	})
	p.out[id] = append(p.out[id], dst[:n]...)
	if n > 0 {
		first := int(stamp)
		p.check(first>>16 == dst[0]>>16 && first <= dst[0] && dst[0] < first+p.q.Cap(), "event %#x has the stamp %#x", dst[0], stamp)
	}
	p.check(!alone || n == min(len(dst), waiting), "%d of %d events popped, alone, and %d waited", n, len(dst), waiting)
	p.check(left <= 0 || n == len(dst), "%d of %d events popped, nobody pushed, and %d wait", n, len(dst), left)
	return n
}

// watch reads what anybody may read.
func (p *play) watch() {
	for range 1 + p.IntN(6) {
		waiting, n, stamp, ok := p.waiting, 0, int64(0), false
		alone, _ := p.call(&p.others, nil, func() { n = p.q.Len() })
		p.check(n >= 0 && n <= p.q.Cap(), "length %d of %d", n, p.q.Cap())
		p.check(!alone || n == waiting, "length %d, alone, and %d waited", n, waiting)
		waiting = p.waiting
		alone, _ = p.call(&p.others, nil, func() { stamp, ok = p.q.HeadTime() })
		p.check(!alone || ok == (waiting > 0), "head time %v, alone, and %d waited", ok, waiting)
		p.check(!ok || stamp >= 0 && stamp < 2<<16, "head time %#x was never given", stamp)
	}
}

// account compares what came out with what went in.
func (p *play) account() {
	seen := map[int]bool{}
	for id, events := range p.out {
		last := []int{-1, -1}
		for _, v := range events {
			p.check(!seen[v], "event %#x came out twice", v)
			p.check(v > last[v>>16&1], "event %#x after %#x at consumer %d", v, last[v>>16&1], id)
			seen[v] = true
			last[v>>16&1] = v
		}
	}
	for _, events := range p.in {
		for _, v := range events {
			p.check(seen[v], "event %#x was lost", v)
			delete(seen, v)
		}
	}
	p.check(len(seen) == 0, "events came out that were never pushed: %v", seen)
}
