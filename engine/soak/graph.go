//go:build linux

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// job is an event.
type job struct {
	from uint8  // who sent it, where order is checked
	key  uint8  //
	hops uint8  // how often it may go round
	n    uint64 // its number, among those of one sender, or of one key
	luck uint64 // what becomes of it
}

// query is an event that is answered.
type query struct {
	engine.Reply[uint64]
	luck uint64
}

const (
	senders = 4  // to the front stage
	pairs   = 2  // who submit to both at once
	numbers = 16 // keys
)

// graph is
//
//	inlets -> front (serial) -block-> books (keyed)
//	                         -drop--> spread (batches, classes, MaxAge) -fail-> narrow -block-> disk (blocking) -timed-> spread
//	                                                                                                            -block-> done (serial)
//	what fails in spread and narrow -> failed (serial)
//	calls -> ask (deadlines) -block-> look (keyed, blocking) -> answers
//	splitter -> left and right (serial)
//	periodic events -> clock
type graph struct {
	e       *engine.Engine
	about   string
	confine bool
	ticks   bool // there are periodic events, so that the engine never rests
	wrong   *complaint
	tallies []*tally

	front, spread, narrow *engine.Stage[job]
	ask                   *engine.Stage[query]
	both                  *engine.Splitter
	left, right           *engine.Stage[job]
	stages                []string

	doors   []*door
	sent    *engine.Local[[numbers]uint64] // by front to books
	shelved *engine.Local[[numbers]uint64]
}

// tally counts what a stage's handler has seen.
type tally struct {
	stage string
	seen  *engine.Local[uint64]
}

// complaint is the first thing that went wrong.
type complaint struct{ text atomic.Pointer[string] }

func (c *complaint) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.text.CompareAndSwap(nil, &text)
}

func (c *complaint) err() error {
	if text := c.text.Load(); text != nil {
		return errors.New(*text)
	}
	return nil
}

func newGraph(r *rand.Rand, wrong *complaint) *graph {
	c := engine.Config{Workers: 1 + r.IntN(3), Kind: engine.Pinned, Oversubscribe: true, Log: slog.New(slog.DiscardHandler)}
	if r.IntN(3) == 0 {
		c.Kind = engine.Shared
	}
	c.Idle = []engine.Idle{engine.Adaptive, engine.Adaptive, engine.Park, engine.Spin}[r.IntN(4)]
	if c.Idle == engine.Spin {
		c.Workers = 1 // there is more to do
	}
	c.Confine = r.IntN(4) == 0
	policy := sched.Names()[r.IntN(len(sched.Names()))]
	c.Policy, _ = sched.Find(policy)
	g := &graph{e: engine.New(c), wrong: wrong, confine: c.Confine, ticks: r.IntN(3) == 0}
	g.about = fmt.Sprintf("%d %v %v workers under %s, confine %v, ticks %v", c.Workers, c.Kind, c.Idle, policy, c.Confine, g.ticks)
	g.rounds(r)
	g.ordered(r)
	g.calls(r)
	g.splits(r)
	if g.ticks {
		clock := add[engine.Time](g, engine.StageConfig[engine.Time]{Name: "clock"})
		clock.stage.Every(time.Duration(1+r.IntN(20))*time.Millisecond, func(now engine.Time) engine.Time { return now })
		clock.handle(func(_ *engine.Context, t engine.Time) error { return suffer(mix(uint64(t))) })
	}
	return g
}

// counted is a stage with its tally.
type counted[T any] struct {
	stage *engine.Stage[T]
	seen  *engine.Local[uint64]
}

func add[T any](g *graph, c engine.StageConfig[T]) counted[T] {
	s := engine.Add(g.e, c)
	seen := engine.NewLocal[uint64](s, nil)
	g.tallies = append(g.tallies, &tally{c.Name, seen})
	g.stages = append(g.stages, c.Name)
	return counted[T]{s, seen}
}

func (s counted[T]) handle(f func(*engine.Context, T) error) {
	s.stage.Handle(func(c *engine.Context, v T) error {
		*s.seen.Get(c)++
		return f(c, v)
	})
}

func power(r *rand.Rand, least, most int) int {
	return 1 << (least + r.IntN(most-least+1))
}

// ordered makes the stages where nothing may be lost or overtake.
func (g *graph) ordered(r *rand.Rand) {
	front := add(g, engine.StageConfig[job]{Name: "front", Serial: true, Capacity: power(r, 4, 10)})
	books := add(g, engine.StageConfig[job]{
		Name: "books", Capacity: power(r, 3, 8), Key: func(j job) uint64 { return uint64(j.key) }, Shards: power(r, 0, 4),
	})
	g.front = front.stage
	toBooks, toSpread := engine.Connect(front.stage, books.stage), engine.Connect(front.stage, g.spread)
	toSpread.Full = engine.Drop
	g.sent, g.shelved = engine.NewLocal[[numbers]uint64](front.stage, nil), engine.NewLocal[[numbers]uint64](books.stage, nil)
	last := engine.NewLocal[[senders]uint64](front.stage, nil)
	front.handle(func(c *engine.Context, j job) error {
		g.follows("front", &last.Get(c)[j.from], j.n)
		sent := &g.sent.Get(c)[j.key]
		toBooks.Emit(c, job{key: j.key, n: *sent + 1, luck: mix(j.luck)})
		toSpread.Emit(c, job{hops: uint8(j.luck >> 60 % 4), luck: mix(j.luck + 1)})
		if !fails(j.luck) { // else what it emitted is withdrawn, and the number used again
			*sent++
		}
		return suffer(j.luck)
	})
	books.handle(func(c *engine.Context, j job) error {
		g.follows("books", &g.shelved.Get(c)[j.key], j.n)
		return suffer(j.luck)
	})
}

// rounds makes the stages where events go round, fail, expire and are dropped.
func (g *graph) rounds(r *rand.Rand) {
	maxAge := time.Duration(1+r.IntN(20)) * time.Millisecond
	spread := add(g, engine.StageConfig[job]{Name: "spread", Capacity: power(r, 4, 9), Classes: 3, MaxAge: maxAge})
	narrow := add(g, engine.StageConfig[job]{Name: "narrow", Capacity: power(r, 2, 6), Waiters: 3})
	disk := add(g, engine.StageConfig[job]{Name: "disk", Capacity: power(r, 2, 6), Blocking: 1 + r.IntN(4)})
	done := add(g, engine.StageConfig[job]{Name: "done", Serial: true, Capacity: 4})
	failed := add(g, engine.StageConfig[engine.Failed[job]]{Name: "failed", Serial: true, Capacity: 64})
	g.spread, g.narrow = spread.stage, narrow.stage
	engine.OnFailure(spread.stage, failed.stage)
	engine.OnFailure(narrow.stage, failed.stage)
	toNarrow, toDisk := engine.Connect(spread.stage, narrow.stage), engine.Connect(narrow.stage, disk.stage)
	again, toDone := engine.Connect(disk.stage, spread.stage), engine.Connect(disk.stage, done.stage)
	toNarrow.Full, again.Timed = engine.Fail, true
	spread.stage.HandleBatch(func(c *engine.Context, js []job) error {
		*spread.seen.Get(c) += uint64(len(js))
		for i, j := range js {
			toNarrow.EmitFor(c, i, job{hops: j.hops, luck: mix(j.luck)})
			if j.luck%97 == 0 {
				c.Fail(i, errUnlucky)
			}
		}
		return suffer(js[0].luck)
	})
	narrow.handle(func(c *engine.Context, j job) error {
		toDisk.Emit(c, job{hops: j.hops, luck: mix(j.luck)})
		return suffer(j.luck)
	})
	disk.handle(func(c *engine.Context, j job) error {
		wait(j.luck)
		for range j.luck >> 20 % 3 {
			toDone.Emit(c, job{luck: mix(j.luck)})
		}
		if j.hops > 0 {
			again.After(c, time.Duration(j.luck>>32%uint64(30*time.Millisecond)), job{hops: j.hops - 1, luck: mix(j.luck)})
		}
		return suffer(j.luck)
	})
	done.handle(func(_ *engine.Context, j job) error { return suffer(j.luck) })
	failed.handle(func(_ *engine.Context, f engine.Failed[job]) error { return suffer(f.Event.luck / 3) })
}

// calls makes the stages that answer.
func (g *graph) calls(r *rand.Rand) {
	ask := add(g, engine.StageConfig[query]{Name: "ask", Deadlines: true, Capacity: power(r, 2, 6), Waiters: 2})
	look := add(g, engine.StageConfig[query]{
		Name: "look", Deadlines: true, Capacity: power(r, 2, 6), Key: func(q query) uint64 { return q.luck % numbers }, Blocking: 1 + r.IntN(3),
	})
	g.ask = ask.stage
	toLook := engine.Connect(ask.stage, look.stage)
	ask.handle(func(c *engine.Context, q query) error {
		if !silent(q.luck) {
			toLook.Emit(c, q)
		}
		return suffer(q.luck)
	})
	look.handle(func(c *engine.Context, q query) error {
		wait(q.luck)
		q.Send(c, mix(q.luck))
		return suffer(q.luck / 3)
	})
}

// splits makes the stages that are handed events together.
func (g *graph) splits(r *rand.Rand) {
	side := func(name string) *engine.Stage[job] {
		s := add(g, engine.StageConfig[job]{Name: name, Serial: true, Capacity: power(r, 2, 6)})
		last := engine.NewLocal[[pairs]uint64](s.stage, nil)
		s.handle(func(c *engine.Context, j job) error {
			g.follows(name, &last.Get(c)[j.from], j.n)
			return suffer(j.luck)
		})
		return s.stage
	}
	g.left, g.right = side("left"), side("right")
	g.both = engine.NewSplitter(g.e, engine.SplitterConfig{Name: "both", Capacity: 16}, g.left, g.right)
	g.stages = append(g.stages, "both")
}

// follows checks that n is the number after *last.
func (g *graph) follows(stage string, last *uint64, n uint64) {
	if n != *last+1 {
		g.wrong.say("stage %s: event %d comes after event %d", stage, n, *last)
	}
	*last = n
}
