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
}

// list has all mutants, in the order of the table.
var list = slices.Concat(pairs, rules, order, ends, calls)
