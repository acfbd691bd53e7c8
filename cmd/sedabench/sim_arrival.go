package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/sched/sim"
)

// saturate are arrivals that simulations alone have.
const saturate = "saturate"

// simArrival is how requests of a simulation arrive.
type simArrival struct {
	text    string
	process sim.Process
	open    load.Arrivals // none: the service sets the rate
}

func (a simArrival) isOpen() bool { return a.open.String() != "" }

// simArrivalForms are those of run but for recordings, and one more.
func simArrivalForms() []string {
	forms := []string{saturate}
	for _, form := range load.ArrivalForms() {
		if !strings.HasPrefix(form, "trace:") {
			forms = append(forms, form)
		}
	}
	return forms
}

func parseSimArrival(text string) (simArrival, error) {
	switch name, _, _ := strings.Cut(text, ":"); name {
	case saturate, string(load.Closed):
		if name != text {
			return simArrival{}, fmt.Errorf("%q, want %s", text, name)
		}
		return simArrival{text: text, process: map[string]sim.Process{saturate: sim.Saturate, string(load.Closed): sim.Closed}[text]}, nil
	case "trace":
		return simArrival{}, fmt.Errorf("%q: recordings are played by run and not by sim, want %s", text, strings.Join(simArrivalForms(), ", "))
	default:
		open, err := load.ParseArrivals(text)
		if err != nil {
			if strings.HasPrefix(err.Error(), "unknown") {
				err = fmt.Errorf("unknown arrival %q, want %s", name, strings.Join(simArrivalForms(), ", "))
			}
			return simArrival{}, err
		}
		a := simArrival{text: text, process: sim.Poisson, open: open}
		if text == string(load.Fixed) {
			a.process = sim.Fixed
		}
		return a, nil
	}
}

// maxSimSteps bounds how often a rate changes in a simulation, for each of which there is a step in memory.
const maxSimSteps = 1 << 20

// profile is how the rate changes, if there is not too much of that.
func (o *simOptions) profile() (load.Profile, error) {
	p, err := o.arrival.open.Profile(o.warmup, o.duration)
	if err != nil || len(p) == 0 {
		return p, err
	}
	if steps := float64(o.warmup+o.duration) / float64(p.Length()) * float64(len(p)); steps > maxSimSteps {
		return p, fmt.Errorf("the rate changes %.0f times in --warmup and --duration, want at most %d", steps, maxSimSteps)
	}
	if o.preset != "" && findSimPreset(o.preset).rate {
		return p, fmt.Errorf("--preset %s changes the rate itself, want fixed or poisson", o.preset)
	}
	return p, nil
}

// rateSteps are the rates that a profile makes of one until some time.
func rateSteps(p load.Profile, perSecond float64, until time.Duration) (steps []sim.Step) {
	if len(p) == 0 {
		return nil
	}
	for at := time.Duration(0); at < until; {
		for _, s := range p {
			steps = append(steps, sim.Step{At: int64(at), Value: perSecond * s.Factor})
			at += s.For
		}
	}
	return steps
}
