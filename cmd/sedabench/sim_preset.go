package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// simPreset is an experiment: what it says where flags say nothing, and what happens meanwhile.
type simPreset struct {
	name    string
	flags   map[string]string
	disturb func(o *simOptions, y *sim.System)
	rate    bool // that is what disturb changes
}

// moving are policies that move cores, and one that does not: a time line of every policy is more than anybody reads.
const moving = "adaptive,serve-all,static,seda-2001,caladan"

func simPresets() []simPreset {
	return []simPreset{
		{"batch-oracle", map[string]string{"arrival": "saturate", "batch": "256", "overhead": "1us", "service": "constant:100ns", "warmup": "500ms", "duration": "200ms"}, nil, false},
		{"shift", map[string]string{"shape": "pipeline", "stages": "3", "weights": "4,1,1", "footprint": "256", "timeline": "5ms", "duration": "300ms", "policy": moving}, shiftWork, false},
		{"spike", map[string]string{"arrival": "poisson", "rate": "0.7x", "target": "1ms", "timeline": "5ms", "duration": "300ms", "policy": "adaptive,static,seda-2003,codel,breakwater"}, spike, true},
		{"overload", map[string]string{"arrival": "poisson", "rate": "1x,2x,4x", "target": "1ms", "duration": "200ms"}, nil, false},
		{"starve", map[string]string{"shape": "branch", "stages": "12", "workers": "4", "duration": "200ms"}, trickleAway, false},
		{"two-stage-oscillation", map[string]string{
			"stages": "2", "workers": "2", "arrival": "poisson", "rate": "0.9x", "timeline": "5ms", "duration": "300ms", "policy": moving,
		}, nil, false},
	}
}

func simPresetNames() (names []string) {
	for _, p := range simPresets() {
		names = append(names, p.name)
	}
	return names
}

func findSimPreset(name string) simPreset {
	for _, p := range simPresets() {
		if p.name == name {
			return p
		}
	}
	return simPreset{}
}

// adjustSim gives flags that were not given what the preset says, and lets all policies decide where it names none.
func adjustSim(f *flags, name string) error {
	p := findSimPreset(name)
	set := map[string]string{"policy": strings.Join(sched.Names(), ",")}
	for flag, text := range p.flags {
		set[flag] = text
	}
	if f.set.Changed("stages") && !f.set.Changed("weights") {
		delete(set, "weights")
	}
	if f.set.Changed("arrival") && !f.set.Changed("rate") {
		delete(set, "rate")
	}
	var err error
	f.set.VisitAll(func(flag *pflag.Flag) {
		if text, ok := set[flag.Name]; ok && !flag.Changed && err == nil {
			if err = flag.Value.Set(text); err != nil {
				err = fmt.Errorf("--preset %s: --%s: %w", name, flag.Name, err)
			}
		}
	})
	return err
}

// disturb lets happen what the preset wants to happen.
func (o *simOptions) disturb(y *sim.System) {
	if p := findSimPreset(o.preset); p.disturb != nil {
		p.disturb(o, y)
	}
}

// shiftWork moves the work of the first stage to the last one in the middle of the time that counts.
func shiftWork(o *simOptions, y *sim.System) {
	first, last := &y.Stages[len(y.Stages)-1], &y.Stages[0]
	if first.Event.Expected() <= 0 || last.Event.Expected() <= 0 {
		return
	}
	at, ratio := int64(o.warmup+o.duration/2), first.Event.Expected()/last.Event.Expected()
	first.Scale, last.Scale = []sim.Step{{At: at, Value: 1 / ratio}}, []sim.Step{{At: at, Value: ratio}}
}

// spike doubles the rate for a fifth of the time that counts.
func spike(o *simOptions, y *sim.System) {
	a := &y.Sources[0].Arrivals
	from := int64(o.warmup + o.duration*2/5)
	a.Steps = []sim.Step{{At: from, Value: 2 * a.Rate}, {At: from + int64(o.duration/5), Value: a.Rate}}
}

// trickleAway lets one request in a thousand go to s1, and all others to the other stages.
func trickleAway(_ *simOptions, y *sim.System) {
	for i := range y.Stages {
		s := &y.Stages[i]
		for k := range s.Edges {
			s.Edges[k].Ratio = 0.999 / float64(max(len(s.Edges)-1, 1))
			if y.Stages[s.Edges[k].To].Name == "s1" {
				s.Edges[k].Ratio = 0.001
			}
		}
	}
}
