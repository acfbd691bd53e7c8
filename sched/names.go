package sched

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// makers are the policies that have a name.
var makers = map[string]Maker{
	"adaptive":  Adaptive,
	"static":    func(*System) (Policy, error) { return Laws{}, nil },
	"serve-all": func(*System) (Policy, error) { return serveAll{}, nil },

	"admission": withServeAll(Admission),
	"batch":     withServeAll(Batch),
	"cores":     Cores,
	"threads":   withServeAll(Threads),

	"breakwater":    oneByOne(newBreakwater),
	"caladan":       func(y *System) (Policy, error) { return newCaladan(y), nil },
	"codel":         oneByOne(newCodel(false)),
	"dagor":         oneByOne(newDagor),
	"queue-timeout": oneByOne(newCodel(true)),
	"seda-2001":     func(y *System) (Policy, error) { return newSEDA2001(y), nil },
	"seda-2003":     oneByOne(newSEDA2003),
}

// Names returns the names of the policies that Find knows, sorted.
func Names() []string { return slices.Sorted(maps.Keys(makers)) }

// Find returns the policy of a name: "adaptive" is what an engine has that is told of none, "static" leaves everything as it is, which is what an engine was
// told by its configuration, "serve-all" lets every worker serve every stage, and "admission", "batch", "cores", "threads" and the published laws decide about
// what they are for. Who serves what is as with "serve-all" where they do not say.
func Find(name string) (Maker, error) {
	if m := makers[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("unknown policy %q, want %s", name, strings.Join(Names(), ", "))
}

// serveAll is the baseline of all assignments.
type serveAll struct{}

func (serveAll) Decide(s *Snapshot, d *Draft) {
	if s.Settled {
		d.SetServe(ServeAll(len(s.Workers), len(s.Stages)).Serve, "every worker serves every stage")
	}
}

// oneByOne makes a policy of a published law of admission, whose servers take requests one by one: every worker serves every stage, and
// batches are single events. With the largest batches, in which events wait for one another, most of these laws would be lost from the start.
func oneByOne(law func(*System) Policy) Maker {
	return func(y *System) (Policy, error) { return Laws{serveAll{}, singles{y}, law(y)}, nil }
}

// singles sets all batches to one event.
type singles struct{ y *System }

func (l singles) Decide(_ *Snapshot, d *Draft) {
	for i := range l.y.Stages {
		d.SetBatch(i, 1, "one by one")
	}
}

// withServeAll makes a policy of a law that decides about something else than cores: every worker serves every stage, and batches are as large as
// stages allow.
func withServeAll(law Maker) Maker {
	return func(y *System) (Policy, error) {
		p, err := law(y)
		return Laws{serveAll{}, p}, err
	}
}
