package main

import (
	"fmt"
	"strings"
)

// outcome is what became of one package in one guest.
type outcome struct {
	pkg     string
	failed  string   // why, if it is not empty
	output  string   // of the tests
	passed  int      // tests, without those within others
	skipped []string // with reasons
	seconds string
}

// outcomes finds those of the packages in what a guest wrote. A package without an end has failed.
func outcomes(console string, packages []string) []outcome {
	var list []outcome
	for _, pkg := range packages {
		o := outcome{pkg: pkg, failed: "it was not run to the end"}
		_, text, found := strings.Cut(console, "vmtest begin "+folder(pkg)+"\n")
		if !found {
			o.failed = "it was not begun"
			text = console
		}
		text, end, ended := strings.Cut(text, "vmtest outcome ")
		o.output = text
		if found && ended {
			o.failed, end, _ = strings.Cut(end, "\nvmtest seconds ")
			o.seconds, _, _ = strings.Cut(end, "\n")
		}
		if o.failed == "ok" {
			o.failed = ""
		}
		o.count()
		list = append(list, o)
	}
	return list
}

// count reads the output of tests: the reason is on the line before the one that says that a test was skipped.
func (o *outcome) count() {
	var before string
	for line := range strings.Lines(o.output) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "--- PASS: ") {
			o.passed++
		}
		if name, ok := strings.CutPrefix(line, "--- SKIP: "); ok {
			name, _, _ = strings.Cut(name, " ")
			_, reason, _ := strings.Cut(before, ": ")
			o.skipped = append(o.skipped, name+" ("+strings.TrimSpace(reason)+")")
		}
		before = line
	}
}

func (o outcome) String() string {
	switch {
	case o.failed != "":
		return fmt.Sprintf("failed: %s\n%s", o.failed, indent(o.output))
	case o.passed == 0 && len(o.skipped) == 0:
		return "skipped: it has no such tests"
	case len(o.skipped) == 0:
		return fmt.Sprintf("ok, %d tests, %s s", o.passed, o.seconds)
	case o.passed == 0:
		return "skipped: " + strings.Join(o.skipped, ", ")
	}
	return fmt.Sprintf("ok, %d tests, %s s; skipped: %s", o.passed, o.seconds, strings.Join(o.skipped, ", "))
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
