package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seda-go/seda/sched"
)

// checkGraph returns everything that is wrong with the stages and edges.
func (e *Engine) checkGraph() (errs []error) {
	if len(e.added) == 0 {
		errs = append(errs, errors.New("has no stages"))
	}
	if len(e.added) > sched.MaxSet {
		errs = append(errs, fmt.Errorf("has %d stages, want at most %d", len(e.added), sched.MaxSet))
	}
	names := map[string]bool{}
	for i, s := range e.added {
		if s.name != "" && names[s.name] {
			errs = append(errs, fmt.Errorf("two stages are named %q", s.name))
		}
		names[s.name] = true
		who := fmt.Sprintf("stage %q", s.name)
		if s.name == "" {
			who = fmt.Sprintf("stage number %d", i+1)
		}
		for _, err := range s.run.check() {
			errs = append(errs, fmt.Errorf("%s: %w", who, err))
		}
	}
	for _, t := range e.tickers {
		if err := t.check(); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, e.checkAssign(e.cfg.Assign)...)
	if err := e.checkCycles(); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// checkCycles reports the first cycle whose edges all block: full rings all round would hold every stage on it for ever.
func (e *Engine) checkCycles() error {
	const (
		unseen = iota
		onPath
		clear
	)
	mark := map[*stageCore]int{}
	var path []*stageCore
	var visit func(s *stageCore) error
	visit = func(s *stageCore) error {
		mark[s] = onPath
		path = append(path, s)
		for _, ed := range s.outs {
			t := ed.core().target
			if !ed.blocks() || t.e != e {
				continue
			}
			switch mark[t] {
			case onPath:
				return cycleError(path, t)
			case unseen:
				if err := visit(t); err != nil {
					return err
				}
			}
		}
		mark[s] = clear
		path = path[:len(path)-1]
		return nil
	}
	for _, s := range e.added {
		if mark[s] == unseen {
			if err := visit(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// cycleError names the cycle that the edge from the end of path back to t closes.
func cycleError(path []*stageCore, t *stageCore) error {
	i := 0
	for path[i] != t {
		i++
	}
	var names []string
	for _, s := range path[i:] {
		names = append(names, s.name)
	}
	back := names[len(names)-1] + " -> " + t.name
	return fmt.Errorf("cycle of blocking edges: %s -> %s: make one of them Drop, Fail or Timed, such as %s",
		strings.Join(names, " -> "), t.name, back)
}

// rank numbers the stages downstream first: a stage comes after those it feeds, but for edges that close a cycle.
func (e *Engine) rank() {
	seen := map[*stageCore]bool{}
	var visit func(s *stageCore)
	visit = func(s *stageCore) {
		seen[s] = true
		for _, ed := range s.outs {
			t := ed.core().target
			if closes := !ed.blocks() && t.reaches(s, map[*stageCore]bool{}); !seen[t] && !closes {
				visit(t)
			}
		}
		s.id = len(e.stages)
		e.stages = append(e.stages, s)
	}
	for _, s := range e.added {
		if !seen[s] {
			visit(s)
		}
	}
}

// reaches reports whether events can get from s to t.
func (s *stageCore) reaches(t *stageCore, seen map[*stageCore]bool) bool {
	seen[s] = true
	return s == t || slices.ContainsFunc(s.outs, func(ed outEdge) bool {
		next := ed.core().target
		return !seen[next] && next.reaches(t, seen)
	})
}
