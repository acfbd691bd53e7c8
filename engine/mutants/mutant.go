package main

import (
	"slices"

	"github.com/seda-go/seda/internal/mutants"
)

// mutant is a change that makes the engine wrong.
type mutant struct {
	rule  string // what it breaks: a rule of the design, a pair of wake.go
	what  string
	file  string // relative to the engine's directory
	old   string // stands once in file
	new   string
	tests string // one of these has to notice: names, separated by |
	model string // or the variant of the model that stands for it, as in its run.sh
	plays string // schedules of the real code that show it, too: names of tests with the tag yield
}

// tried is the mutant as it is tried, with schedules or without.
func (m mutant) tried(schedules bool) mutants.Mutant {
	t := mutants.Mutant{Rule: m.rule, What: m.what, File: m.file, Old: m.old, New: m.new, Tests: m.tests, Model: m.model}
	if schedules {
		t.Tests, t.Model, t.Build = m.plays, "", "yield"
	}
	return t
}

// list has all mutants, in the order of the table.
var list = slices.Concat(pairs, rules, order, ends, calls)
