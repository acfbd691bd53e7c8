package main

import "slices"

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

// inPlay is what the mutant is with -schedules.
func (m mutant) inPlay() mutant {
	m.tests, m.model = m.plays, ""
	return m
}

// list has all mutants, in the order of the table.
var list = slices.Concat(pairs, rules, order, ends, calls)
