//go:build yield && !invariants && !race

package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// Submit calls that wait for room come in in order or leave, and the rest of the line moves up.
func TestSchedulesOfWaitingSubmits(t *testing.T) {
	schedules(t, func(p *play) {
		var s *Stage[mark]
		seen := newOrder()
		p.start(1+p.IntN(2), nil, func(e *Engine) {
			s = Add(e, StageConfig[mark]{Name: "s", Serial: true, Capacity: 2, MaxBatch: 1 + p.IntN(2), Waiters: 2 + p.IntN(3)})
			s.Handle(func(_ *Context, m mark) error {
				defer seen.enter(p, 0, m)()
				p.handled++
				return nil
			})
		})
		ctx, leave := context.WithCancel(context.Background())
		for from := range 2 + p.IntN(3) {
			mine := context.Background()
			if p.one(2) {
				mine = ctx
			}
			p.act(func() {
				for n := range 1 + p.IntN(3) {
					err := submit(p, mine, s, mark{from, n + 1})
					p.check(err == nil || errors.Is(err, context.Canceled) && mine == ctx || errors.Is(err, ErrRefused), "submit: %v", err)
				}
			})
		}
		p.act(leave)
		p.rest()
		p.drain()
	})
}

// The end, while events come in: what was accepted is done, or after Close reported as left.
func TestSchedulesOfTheEnd(t *testing.T) {
	schedules(t, func(p *play) {
		var a *Stage[int]
		atOnce, apart, workers := p.one(2), map[string][]int{}, 1+p.IntN(3)
		p.start(workers, apart, func(e *Engine) {
			a = Add(e, StageConfig[int]{Name: "0", Capacity: 2, MaxBatch: 1})
			last := a
			for i := range 1 + p.IntN(5) { // events go from worker to worker, or stay with one
				if p.one(2) {
					apart[last.name] = []int{i % workers}
				}
				next := Add(e, StageConfig[int]{Name: fmt.Sprint(i + 1), Capacity: 2, MaxBatch: 1, Serial: p.one(2)})
				edge, later := Connect(last, next), p.one(6)
				last.Handle(func(c *Context, v int) error {
					if later {
						edge.After(c, time.Microsecond, v)
					} else {
						edge.Emit(c, v)
					}
					return nil
				})
				last = next
			}
			last.Handle(func(*Context, int) error { yield.Point(); p.handled++; return nil })
		})
		for range 1 + p.IntN(3) {
			p.act(func() {
				for n := range 1 + p.IntN(3) {
					err := submit(p, context.Background(), a, n)
					p.check(err == nil || errors.Is(err, ErrClosed), "submit: %v", err)
				}
			})
		}
		if !atOnce {
			p.drain()
			return
		}
		_ = p.e.Close()
		yield.Wait(&p.cast)
		p.balance()
	})
}

// A blocking stage: its handlers run outside of the workers, on carriers that come and go, in a bounded number of slots.
func TestSchedulesOfABlockingStage(t *testing.T) {
	defer SetIdleCarrier(time.Hour)()
	schedules(t, func(p *play) {
		var a *Stage[int]
		inside, slots := 0, 1+p.IntN(2)
		p.start(1+p.IntN(2), nil, func(e *Engine) {
			a = Add(e, StageConfig[int]{Name: "a", Capacity: 4})
			b := Add(e, StageConfig[int]{Name: "b", Capacity: 2, Blocking: slots, MaxBatch: 1 + p.IntN(2), Serial: p.one(3)})
			d := Add(e, StageConfig[int]{Name: "d", Capacity: 2, MaxBatch: 1})
			toB, toD := Connect(a, b), Connect(b, d)
			a.Handle(func(c *Context, v int) error { toB.Emit(c, v); return nil })
			b.Handle(func(c *Context, v int) error {
				inside++
				p.check(inside <= slots, "%d handlers in %d slots", inside, slots)
				yield.Point()
				inside--
				toD.Emit(c, v)
				return nil
			})
			d.Handle(func(*Context, int) error { p.handled++; return nil })
		})
		for range 1 + p.IntN(2) {
			p.act(func() {
				for n := range 1 + p.IntN(3) {
					p.check(submit(p, context.Background(), a, n) == nil, "not accepted")
				}
			})
		}
		p.rest()
		p.drain()
	})
}

// A blocking stage whose plan comes to allow a second batch, while the handler of the first waits for it: pair (7).
func TestSchedulesOfMoreSlots(t *testing.T) {
	defer SetIdleCarrier(time.Hour)()
	schedules(t, func(p *play) {
		var s *Stage[int]
		inside := 0
		p.start(1+p.IntN(2), nil, func(e *Engine) {
			s = Add(e, StageConfig[int]{Name: "s", Capacity: 4, Blocking: 2})
			s.Handle(func(*Context, int) error {
				inside++
				yield.Until(func() bool { return inside == 2 })
				p.handled++
				return nil
			})
		})
		s.limit(0, 1, 0)
		p.act(func() {
			for n := range 2 {
				p.check(submit(p, context.Background(), s, n) == nil, "not accepted")
			}
		})
		p.act(func() { s.limit(1, 2, p.e.now()) })
		p.rest()
		p.drain()
	})
}

// question is an event with the way back to its caller.
type question struct {
	Reply[int]
	n int
}

// Calls get their own answers, also those that use the slot of a caller who left.
func TestSchedulesOfCalls(t *testing.T) {
	schedules(t, func(p *play) {
		var s *Stage[question]
		p.start(1+p.IntN(2), nil, func(e *Engine) {
			s = Add(e, StageConfig[question]{Name: "s", Capacity: 4, MaxBatch: 1 + p.IntN(3)})
			s.Handle(func(c *Context, q question) error {
				yield.Point()
				if q.n%2 == 0 {
					c = nil // the caller is woken at once
				}
				q.Send(c, q.n)
				q.Send(nil, -1) // too late, whoever has the slot by now
				p.handled++
				return nil
			})
		})
		for from := range 2 + p.IntN(2) {
			ctx, leave := context.WithCancel(context.Background())
			if p.one(2) {
				p.act(leave)
			}
			p.act(func() {
				defer leave()
				for i := range 1 + p.IntN(3) {
					n := 10*from + i
					got, err := Call(ctx, s, func(r Reply[int]) question { return question{r, n} })
					left := errors.Is(err, context.Canceled) && got == 0
					p.check(left || err == nil && got == n, "call %d: %d, %v", n, got, err)
				}
			})
		}
		yield.Wait(&p.cast)
		p.end()
		p.check(p.e.Stats().Stage("s").Completed == uint64(p.handled), "handled, and not in the books")
	})
}
