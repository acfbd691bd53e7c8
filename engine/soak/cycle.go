//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
)

// patience is how long an engine may take to come to rest: far more than it needs on any machine.
const patience = time.Minute

// soaker is one run.
type soaker struct {
	seed       uint64
	keeper     wisher
	all        affinity.Set // CPUs of the process
	goroutines int          // before the first cycle
	report     report
	errs       io.Writer
}

// soak runs cycles until the time is up, or something is wrong.
func soak(length time.Duration, seed uint64, keeper wisher, out, errs io.Writer) error {
	all, err := affinity.Allowed()
	if err != nil {
		return err
	}
	s := &soaker{seed: seed, keeper: keeper, all: all, goroutines: runtime.NumGoroutine(), errs: errs}
	s.report.began = time.Now()
	fmt.Fprintf(errs, "soak: seed %d, for %v, on CPUs %v\n", seed, length, all)
	for err == nil && time.Since(s.report.began) < length {
		err = s.cycle()
	}
	if err == nil {
		err = growths(s.report.held)
	}
	return errors.Join(err, s.report.print(out))
}

// cycle is the life of an engine.
func (s *soaker) cycle() error {
	r := rand.New(rand.NewPCG(s.seed, uint64(s.report.cycles)))
	s.report.cycles++
	var wrong complaint
	g := newGraph(r, &wrong)
	l := &load{g: g, seed: r.Uint64()}
	steps := l.sources()
	if err := g.e.Start(context.Background()); err != nil {
		return err
	}
	began := time.Now()
	audited := s.audit(g)
	l.start(steps)
	t := &trouble{l: l, keeper: s.keeper, all: s.all, workers: len(g.e.Stats().Workers), confine: g.confine, report: &s.report}
	t.start()
	err := s.conduct(r, l)
	left, end := s.end(r, g)
	err = errors.Join(err, end)
	if err == nil {
		err = within("those who submit and call to notice that the engine has ended", l.running.Wait)
	}
	if err == nil {
		close(audited.stop)
		<-audited.done
		stats := g.e.Stats()
		s.report.add(stats, &l.calls, left)
		err = errors.Join(wrong.err(), balance(stats, left), g.compareDoors(stats), g.verify(stats, left == 0))
	} else {
		s.show(g)
	}
	if err == nil {
		err = s.afterwards()
	}
	if err != nil {
		return fmt.Errorf("cycle %d (%s): %w", s.report.cycles, g.about, err)
	}
	fmt.Fprintf(s.errs, "soak: cycle %d, %.1f s: %s\n", s.report.cycles, time.Since(began).Seconds(), g.about)
	return nil
}

// conduct changes the pace, and now and then has everybody stand still until the engine rests.
func (s *soaker) conduct(r *rand.Rand, l *load) error {
	for range 4 + r.IntN(6) {
		if r.IntN(3) == 0 {
			if err := s.calm(l); err != nil {
				return err
			}
			continue
		}
		l.pace.Store(int32(r.IntN(paces)))
		time.Sleep(time.Duration(50+r.IntN(600)) * time.Millisecond)
		if err := l.g.wrong.err(); err != nil {
			return err
		}
	}
	return nil
}

// calm halts load and trouble. Whatever is in the engine then has to be done without any further wake-up from outside; periodic events are such, so
// an engine that has them is not asked.
func (s *soaker) calm(l *load) error {
	if err := within("those who submit and call to come back", l.halt.Lock); err != nil {
		return err
	}
	defer l.halt.Unlock()
	if l.g.ticks {
		return nil
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		stats, depth := l.g.e.Stats(), 0
		for _, st := range stats.Stages {
			depth += st.Depth
		}
		if depth == 0 {
			s.report.rests++
			return errors.Join(balance(stats, 0), l.g.compareDoors(stats))
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d events are left in an engine that gets no more", depth)
		}
	}
}

// within calls f, and gives up on it when it takes longer than anything may.
func within(what string, f func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("waited in vain for %s", what)
	}
}

// end ends the engine, while the load goes on, and returns how many events were left in it.
func (s *soaker) end(r *rand.Rand, g *graph) (left int, err error) {
	var remains *engine.RemainsError
	switch r.IntN(6) {
	case 0:
		s.report.closed++
		if err := g.e.Close(); err != nil && !errors.As(err, &remains) {
			return 0, err
		}
		if remains != nil {
			left = remains.Total()
		}
		return left, nil
	case 1: // not patient at first
		ctx, cancel := context.WithTimeout(context.Background(), soon(r))
		defer cancel()
		if err := g.e.Drain(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return 0, g.e.Drain(ctx)
}

// afterwards checks that the engine has left nothing behind.
func (s *soaker) afterwards() error {
	h, err := hold(s.goroutines)
	if err != nil {
		return err
	}
	s.report.held = append(s.report.held, h)
	if h.goroutines > s.goroutines {
		_ = pprof.Lookup("goroutine").WriteTo(s.errs, 1)
		return fmt.Errorf("%d goroutines are left, there were %d before", h.goroutines, s.goroutines)
	}
	return bound(s.all)
}

// auditing is the goroutine that reads the books.
type auditing struct{ stop, done chan struct{} }

func (s *soaker) audit(g *graph) auditing {
	on, a := auditing{make(chan struct{}), make(chan struct{})}, auditor{last: map[engine.Sample]float64{}}
	go func() {
		defer close(on.done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-on.stop:
				return
			case <-tick.C:
			}
			if err := a.audit(g.e.Stats()); err != nil {
				g.wrong.say("while running: %v", err)
			}
		}
	}()
	return on
}

// show prints what may explain why an engine does not come to rest.
func (s *soaker) show(g *graph) {
	_ = pprof.Lookup("goroutine").WriteTo(s.errs, 1)
	for _, v := range g.e.Stats().Samples() {
		if v.Value != 0 {
			fmt.Fprintln(s.errs, v.Name, v.Worker, v.Stage, v.Inlet, v.Edge, v.Value)
		}
	}
}
