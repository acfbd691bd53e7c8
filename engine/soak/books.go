//go:build linux

package main

import (
	"fmt"

	"github.com/seda-go/seda/engine"
)

// balance checks the laws of conservation on an engine at rest, in which so many events were left.
func balance(s engine.Stats, left int) error {
	into := map[string]uint64{}
	for _, st := range s.Stages {
		for _, in := range st.Inlets {
			if in.Offered != in.Accepted+in.Refused {
				return fmt.Errorf("stage %s, inlet %s: offered %d, accepted %d, refused %d", st.Name, in.Name, in.Offered, in.Accepted, in.Refused)
			}
			into[st.Name] += in.Accepted
		}
		for _, ed := range st.Edges {
			if ed.Emitted != ed.Entered+ed.Dropped {
				return fmt.Errorf("edge %s -> %s: emitted %d, entered %d, dropped %d", ed.From, ed.To, ed.Emitted, ed.Entered, ed.Dropped)
			}
			into[ed.To] += ed.Entered
		}
	}
	for _, st := range s.Stages {
		if into[st.Name] != st.Entered {
			return fmt.Errorf("stage %s: %d entered, but inlets and edges count %d", st.Name, st.Entered, into[st.Name])
		}
		if st.Entered != st.Completed+st.Failed+st.Expired+uint64(st.Depth) {
			return fmt.Errorf("stage %s: entered %d, completed %d, failed %d, expired %d, left %d",
				st.Name, st.Entered, st.Completed, st.Failed, st.Expired, st.Depth)
		}
		left -= st.Depth
	}
	if left != 0 {
		return fmt.Errorf("the stages have %d events less left than the engine said", left)
	}
	return nil
}

// auditor reads the books of a running engine again and again.
type auditor struct {
	last map[engine.Sample]float64 // of counters; the sample's own value left out
}

// audit checks what holds at any time: nothing is done that has not entered, and no counter falls.
func (a *auditor) audit(s engine.Stats) error {
	for _, st := range s.Stages {
		if done := st.Completed + st.Failed + st.Expired; st.Entered < done {
			return fmt.Errorf("stage %s: entered %d, and %d are done", st.Name, st.Entered, done)
		}
	}
	for _, now := range s.Samples() {
		if now.Kind != "counter" {
			continue
		}
		value := now.Value
		now.Value = 0
		if value < a.last[now] {
			return fmt.Errorf("%s of %s%s%s%s fell from %v to %v", now.Name, now.Worker, now.Stage, now.Inlet, now.Edge, a.last[now], value)
		}
		a.last[now] = value
	}
	return nil
}

// compare checks the books against what those who submitted were told.
func (d *door) compare(s engine.Stats) error {
	for _, in := range s.Stage(d.stage).Inlets {
		if in.Name != d.inlet {
			continue
		}
		if a, r := d.accepted.Load(), d.refused.Load(); in.Accepted != a || in.Refused != r {
			return fmt.Errorf("stage %s, inlet %s: accepted %d, refused %d, but callers were told %d and %d", d.stage, d.inlet, in.Accepted, in.Refused, a, r)
		}
		return nil
	}
	return fmt.Errorf("stage %s has no inlet %s", d.stage, d.inlet)
}

// compareDoors does that for all inlets whose users know.
func (g *graph) compareDoors(s engine.Stats) error {
	for _, d := range g.doors {
		if err := d.compare(s); err != nil {
			return err
		}
	}
	return nil
}

// verify checks what handlers have seen, when none runs any more; complete says that nothing was left.
func (g *graph) verify(s engine.Stats, complete bool) error {
	for _, t := range g.tallies {
		seen, st := uint64(0), s.Stage(t.stage)
		for n := range t.seen.All() {
			seen += *n
		}
		if seen != st.Completed+st.Failed {
			return fmt.Errorf("stage %s: handlers have seen %d events, completed %d, failed %d", t.stage, seen, st.Completed, st.Failed)
		}
	}
	if !complete {
		return nil
	}
	if left, right := s.Stage("left").Entered, s.Stage("right").Entered; left != right {
		return fmt.Errorf("of what was submitted to both stages, %d events came left and %d right", left, right)
	}
	var sent, shelved [numbers]uint64
	sum(&sent, g.sent)
	sum(&shelved, g.shelved)
	if sent != shelved {
		return fmt.Errorf("front sent, by key, %v, and books got %v", sent, shelved)
	}
	return nil
}

func sum(total *[numbers]uint64, of *engine.Local[[numbers]uint64]) {
	for part := range of.All() {
		for k, n := range part {
			total[k] += n
		}
	}
}
