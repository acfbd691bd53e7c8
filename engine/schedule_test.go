//go:build yield && !invariants && !race

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// Schedules of the real code: scenarios in which workers, submitters and whoever ends the engine run one at a time, and a seed says who
// goes on at each point (see internal/yield). Everybody waiting while something is left to do is a lost wake-up or a deadlock.
//
//	go test -tags yield -run Schedules ./engine
//
// Nothing is left to chance, so there are none in builds with invariants. SEDA_SCHEDULES sets how many schedules each scenario is tried with. One that fails says how to run it alone, which is exact.

// play is one schedule of a scenario.
type play struct {
	*rand.Rand // what differs between schedules beside the order
	e          *Engine
	cast       sync.WaitGroup
	handled    int
	accepted   int
	wrong      error // the first thing that went wrong
}

// schedules tries a scenario.
func schedules(t *testing.T, scenario func(p *play)) {
	n, first := fromEnv(t, "SEDA_SCHEDULES", 2000), uint64(fromEnv(t, "TEST_SEED", int(time.Now().UnixNano()%1_000_000_000)))
	for i := range uint64(n) {
		if err := perform(yield.Schedule{Seed: first + i}, scenario); err != nil {
			var steps bytes.Buffer
			again := perform(yield.Schedule{Seed: first + i, Trace: &steps}, scenario)
			if again == nil || firstLine(again) != firstLine(err) {
				t.Errorf("the same seed, another schedule: %v", again)
			}
			lines := strings.SplitAfter(steps.String(), "\n")
			t.Fatalf("found after %d schedules: %v\nto run it alone: TEST_SEED=%d SEDA_SCHEDULES=1\n%s",
				i+1, err, first+i, strings.Join(lines[max(len(lines)-100, 0):], ""))
		}
	}
}

// firstLine leaves out the stacks of goroutines.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// perform runs a scenario under a schedule.
func perform(s yield.Schedule, scenario func(p *play)) error {
	p := &play{Rand: rand.New(rand.NewPCG(s.Seed, 1))}
	err := s.Run(func() { scenario(p) })
	if p.wrong != nil {
		return p.wrong // that it cannot go on may come of that
	}
	return err
}

// check notes that something is wrong unless ok.
func (p *play) check(ok bool, format string, args ...any) {
	if !ok && p.wrong == nil {
		p.wrong = fmt.Errorf(format, args...)
	}
}

// one reports true once in n calls.
func (p *play) one(n int) bool { return p.IntN(n) == 0 }

// start starts an engine with tasks of the schedule for workers, of either kind but without threads.
func (p *play) start(workers int, assign map[string][]int, build func(e *Engine)) {
	e := New(Config{Workers: workers, Kind: Shared, Assign: assign, Idle: Park, Log: quietLog()})
	p.e = e
	e.virtual = func() Time { return Time(yield.Now()) }
	e.random = p.IntN
	e.unwatch = func() bool { return true }
	e.kind = []Kind{Shared, Pinned}[p.IntN(2)]
	build(e)
	if errs := e.checkGraph(); len(errs) > 0 {
		panic(errors.Join(errs...))
	}
	e.phase.Store(starting)
	e.rank()
	if err := e.prepare(make([]seat, workers)); err != nil {
		panic(err)
	}
	e.running.Add(workers)
	for _, w := range e.workers {
		w.locked = false
		yield.Go(&e.running, func() {
			w.loop()
			e.running.Done()
		})
	}
	e.accept()
}

// act starts a task beside the workers.
func (p *play) act(f func()) { yield.Go(&p.cast, f) }

// rest returns when every task that act started has ended, and everything accepted is done. It must be: nobody is woken for it. Now and then it
// leaves something for the drain.
func (p *play) rest() {
	yield.Wait(&p.cast)
	if !p.one(4) {
		yield.Until(func() bool { return p.handled == p.accepted })
	}
}

// drain ends a play in which all that was accepted has to be done.
func (p *play) drain() {
	p.end()
	p.check(p.handled == p.accepted, "%d handled, %d accepted", p.handled, p.accepted)
}

// end drains the engine, perhaps while events come in.
func (p *play) end() {
	err := p.e.Drain(context.Background())
	p.check(err == nil, "drain: %v", err)
	yield.Wait(&p.cast)
	p.balance()
}

// balance checks the books of an engine that has ended.
func (p *play) balance() {
	into := map[string]uint64{}
	s := p.e.Stats()
	for _, st := range s.Stages {
		for _, in := range st.Inlets {
			into[st.Name] += in.Accepted
		}
		for _, ed := range st.Edges {
			into[ed.To] += ed.Entered
		}
	}
	for _, st := range s.Stages {
		left := uint64(0)
		if p.e.left != nil {
			for _, r := range p.e.left.Stages {
				if r.Stage == st.Name {
					left = uint64(r.Events)
				}
			}
		}
		p.check(into[st.Name] == st.Entered, "stage %s: %d entered, %d came in", st.Name, st.Entered, into[st.Name])
		p.check(st.Entered == st.Completed+st.Failed+st.Expired+left, "stage %s: %d entered, %d completed, %d left", st.Name, st.Entered, st.Completed, left)
	}
}

// submit hands an event in by Submit, and counts it if it was accepted.
func submit[T any](p *play, ctx context.Context, s *Stage[T], v T) error {
	p.accepted++ // before somebody has handled it
	err := s.Submit(ctx, v)
	if err != nil {
		p.accepted--
	}
	return err
}

// impatient makes the next look in vain at s the one after which ready bits, and those of shards, are cleared.
func impatient[T any](p *play, s *Stage[T]) {
	for i := range s.hands {
		h := &s.hands[i]
		h.misses = giveUpLooking - 1 - p.IntN(2)
		for k := range h.vain {
			h.vain[k] = uint8(giveUpShard - 1 - p.IntN(2))
		}
	}
}

// mark is an event: the n-th of one source.
type mark struct{ from, n int }

// order checks that events come in order, and one after the other.
type order struct {
	last map[int]int
	busy map[int]bool // by source, or by 0 for all of them
}

func newOrder() *order { return &order{last: map[int]int{}, busy: map[int]bool{}} }

// enter is called by a handler for one event of a group, whose events are to be handled one after the other, and returns what is called at its
// end.
func (o *order) enter(p *play, group int, m mark) (leave func()) {
	p.check(!o.busy[group], "event %+v while another one of group %d is handled", m, group)
	p.check(o.last[m.from] < m.n, "event %+v after event %d", m, o.last[m.from])
	o.last[m.from], o.busy[group] = m.n, true
	yield.Point()
	return func() { o.busy[group] = false }
}

// shuffle publishes random plans, in which each stage is served by somebody, while the play is on.
func (p *play) shuffle(plans int) {
	for range plans {
		q := map[string][]int{}
		for _, s := range p.e.stages {
			q[s.name] = p.Perm(len(p.e.workers))[:1+p.IntN(len(p.e.workers))]
		}
		yield.Point()
		_ = p.e.Apply(q) // nil, or the last one is still in transition
	}
}
