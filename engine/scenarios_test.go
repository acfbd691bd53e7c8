//go:build yield && !invariants && !race

package engine

import (
	"context"
	"testing"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// Single events to sleeping workers: no event is left behind, whoever falls asleep or wakes up meanwhile.
func TestSchedulesOfSingleEvents(t *testing.T) {
	schedules(t, func(p *play) {
		var s *Stage[mark]
		p.start(1+p.IntN(3), nil, func(e *Engine) {
			s = Add(e, StageConfig[mark]{Name: "s", Capacity: 4, MaxBatch: 1 + p.IntN(2)})
			s.Handle(func(c *Context, _ mark) error {
				p.handled++
				s.hands[c.worker].misses = giveUpLooking - 1
				return nil
			})
		})
		impatient(p, s)
		for from := range 1 + p.IntN(3) {
			p.act(func() {
				for n := range 1 + p.IntN(3) {
					p.check(submit(p, context.Background(), s, mark{from, n + 1}) == nil, "not accepted")
				}
			})
		}
		p.rest()
		p.drain()
	})
}

// Events that are handled while others are: as many as there are workers meet in the handler. None waits while a worker sleeps.
func TestSchedulesOfAMeeting(t *testing.T) {
	schedules(t, func(p *play) {
		workers, here := 2+p.IntN(2), 0
		var stages []*Stage[int]
		p.start(workers, nil, func(e *Engine) {
			for _, name := range []string{"a", "b"} {
				s := Add(e, StageConfig[int]{Name: name, Capacity: 4, MaxBatch: 1})
				s.Handle(func(*Context, int) error {
					here++
					yield.Until(func() bool { return here >= workers })
					p.handled++
					return nil
				})
				stages = append(stages, s)
			}
		})
		for i := range workers {
			s := stages[p.IntN(2)]
			p.act(func() { p.check(submit(p, context.Background(), s, i) == nil, "not accepted") })
		}
		p.rest()
		p.drain()
	})
}

// A handler that takes long holds up nobody: what its worker leaves behind, has sent before or could have run is handled by others meanwhile, at the
// latest when the watch looks.
func TestSchedulesOfALongHandler(t *testing.T) {
	schedules(t, func(p *play) {
		var stages []*Stage[int]
		assign := map[string][]int{"x": {0}, "long": {0}, "y": {1}, "c": {0, 1}, "d": {0, 2}}
		p.start(3, assign, func(e *Engine) {
			for _, name := range []string{"x", "long", "y", "c", "d"} {
				s := Add(e, StageConfig[int]{Name: name, Capacity: 4, MaxBatch: 1})
				s.Handle(func(*Context, int) error { p.handled++; return nil })
				stages = append(stages, s)
			}
			x, long, y := stages[0], stages[1], stages[2]
			toY, toLong := Connect(x, y), Connect(x, long)
			x.Handle(func(c *Context, v int) error {
				toY.Emit(c, v)
				toLong.Emit(c, v)
				p.accepted++
				return nil
			})
			long.Handle(func(*Context, int) error {
				for p.handled < p.accepted-1 {
					yield.Lull()
					p.e.watch.rescue(p.e.now()) // what was left to this worker
				}
				p.handled++
				return nil
			})
		})
		for i, s := range []*Stage[int]{stages[0], stages[3], stages[4]} {
			p.act(func() { p.check(submit(p, context.Background(), s, i) == nil, "not accepted") })
		}
		p.rest()
		p.drain()
	})
}

// A serial stage runs on one worker at a time and in order, whatever plans say, and so does the one after it. Its outputs do not fit, so
// its worker keeps the token while it owes.
func TestSchedulesOfASerialStage(t *testing.T) {
	schedules(t, func(p *play) {
		var a *Stage[mark]
		first, second := newOrder(), newOrder()
		copies := 1 + p.IntN(3)
		p.start(2, nil, func(e *Engine) {
			a = Add(e, StageConfig[mark]{Name: "a", Serial: true, Capacity: 4, MaxBatch: 1 + p.IntN(2)})
			b := Add(e, StageConfig[mark]{Name: "b", Serial: true, Capacity: 2})
			edge := Connect(a, b)
			a.Handle(func(c *Context, m mark) error {
				defer first.enter(p, 0, m)()
				for i := range copies {
					edge.Emit(c, mark{m.from, m.n*copies + i})
				}
				return nil
			})
			b.Handle(func(_ *Context, m mark) error {
				defer second.enter(p, 0, m)()
				if m.n%copies == copies-1 {
					p.handled++
				}
				return nil
			})
		})
		for from := range 1 + p.IntN(2) {
			p.act(func() {
				for n := range 1 + p.IntN(4) {
					p.check(submit(p, context.Background(), a, mark{from, n + 1}) == nil, "not accepted")
				}
			})
		}
		p.act(func() { p.shuffle(p.IntN(4)) })
		p.rest()
		p.drain()
	})
}

// A serial stage moves to another worker while the first one owes for it, and there is nothing to wake the new one but that.
func TestSchedulesOfAStageThatMoves(t *testing.T) {
	schedules(t, func(p *play) {
		var a *Stage[mark]
		seen := newOrder()
		plan := func(worker int) map[string][]int { return map[string][]int{"a": {worker}, "b": {2}} }
		p.start(3, plan(0), func(e *Engine) {
			a = Add(e, StageConfig[mark]{Name: "a", Serial: true, Capacity: 8, MaxBatch: 1 + p.IntN(2)})
			b := Add(e, StageConfig[mark]{Name: "b", Capacity: 2, MaxBatch: 1})
			edge := Connect(a, b)
			a.Handle(func(c *Context, m mark) error {
				defer seen.enter(p, 0, m)()
				for range 4 {
					edge.Emit(c, m)
				}
				p.accepted += 3
				return nil
			})
			b.Handle(func(*Context, mark) error { p.handled++; return nil })
		})
		p.act(func() {
			for n := range 2 + p.IntN(3) {
				p.check(submit(p, context.Background(), a, mark{0, n + 1}) == nil, "not accepted")
			}
		})
		p.act(func() {
			for i := range 1 + p.IntN(2) {
				yield.Point()
				_ = p.e.Apply(plan(1 - i%2))
			}
		})
		p.rest()
		p.drain()
	})
}

// A keyed stage keeps the order of each key, here one to a source, while its two shards move between workers.
func TestSchedulesOfAKeyedStage(t *testing.T) {
	schedules(t, func(p *play) {
		var in, s *Stage[mark]
		seen := newOrder()
		p.start(2+p.IntN(2), nil, func(e *Engine) {
			in = Add(e, StageConfig[mark]{Name: "in", Serial: true, Capacity: 4})
			s = Add(e, StageConfig[mark]{Name: "s", Key: func(m mark) uint64 { return uint64(m.from) }, Shards: 2, Capacity: 2, MaxBatch: 2})
			edge := Connect(in, s)
			in.Handle(func(c *Context, m mark) error { edge.Emit(c, m); return nil })
			s.Handle(func(c *Context, m mark) error {
				defer seen.enter(p, m.from, m)()
				for k := range s.hands[c.worker].vain {
					s.hands[c.worker].vain[k] = giveUpShard - 1
				}
				s.hands[c.worker].misses = giveUpLooking - 1
				p.handled++
				return nil
			})
		})
		impatient(p, s)
		for from := range 2 + p.IntN(3) {
			to := []*Stage[mark]{in, s}[p.IntN(2)]
			p.act(func() {
				for n := range 1 + p.IntN(3) {
					p.check(submit(p, context.Background(), to, mark{from, n + 1}) == nil, "not accepted")
				}
			})
		}
		if p.one(2) {
			p.act(func() { p.shuffle(p.IntN(3)) })
		}
		p.rest()
		p.drain()
	})
}

// A ring that is full: who sends to it waits for room, asleep, be it with debts or before it begins; and is told of it.
func TestSchedulesOfAFullRing(t *testing.T) {
	schedules(t, func(p *play) {
		var a *Stage[int]
		copies := 1 + p.IntN(4)
		assign := []map[string][]int{nil, {"a": {0}, "b": {1}}, {"a": {0, 1}, "b": {2}}}[p.IntN(3)]
		p.start(3, assign, func(e *Engine) {
			a = Add(e, StageConfig[int]{Name: "a", Capacity: 8, MaxBatch: 1 + p.IntN(3)})
			b := Add(e, StageConfig[int]{Name: "b", Capacity: 2, MaxBatch: 1, Serial: p.one(2)})
			edge := Connect(a, b)
			edge.MaxOut = 1 + p.IntN(2)
			a.Handle(func(c *Context, v int) error {
				for range copies {
					edge.Emit(c, v)
				}
				p.accepted += copies - 1
				return nil
			})
			b.Handle(func(*Context, int) error { p.handled++; yield.Point(); return nil })
		})
		for range 1 + p.IntN(2) {
			p.act(func() {
				for n := range 1 + p.IntN(4) {
					p.check(submit(p, context.Background(), a, n) == nil, "not accepted")
				}
			})
		}
		p.rest()
		p.drain()
	})
}

// Events of After are on time, though nobody wakes their worker but its own timer.
func TestSchedulesOfTimers(t *testing.T) {
	schedules(t, func(p *play) {
		var a *Stage[int]
		p.start(1+p.IntN(2), nil, func(e *Engine) {
			a = Add(e, StageConfig[int]{Name: "a", Capacity: 4})
			b := Add(e, StageConfig[int]{Name: "b", Capacity: 2, MaxBatch: 1})
			edge := Connect(a, b)
			edge.Timed = p.one(2)
			a.Handle(func(c *Context, v int) error {
				edge.After(c, time.Duration(p.IntN(2_000_000)), v)
				return nil
			})
			b.Handle(func(*Context, int) error { p.handled++; return nil })
		})
		for range 1 + p.IntN(2) {
			p.act(func() {
				for n := range 1 + p.IntN(4) {
					p.check(submit(p, context.Background(), a, n) == nil, "not accepted")
				}
			})
		}
		p.rest()
		p.drain()
	})
}
