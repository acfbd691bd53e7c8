package sched

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// makers are the policies that have a name.
var makers = map[string]Maker{
	"static":    func(*System) (Policy, error) { return Laws{}, nil },
	"admission": withServeAll(func(y *System) Policy { return newAdmission(y) }),
	"serve-all": func(*System) (Policy, error) { return serveAll{}, nil },
}

// Names returns the names of the policies that Find knows, sorted.
func Names() []string { return slices.Sorted(maps.Keys(makers)) }

// Find returns the policy of a name: "static" leaves everything as it is, and "serve-all" lets every worker serve every stage.
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

// withServeAll makes a policy of a law that decides about something else than cores: every worker serves every stage, and batches are as large as
// stages allow.
func withServeAll(law func(*System) Policy) Maker {
	return func(y *System) (Policy, error) { return Laws{serveAll{}, law(y)}, nil }
}
