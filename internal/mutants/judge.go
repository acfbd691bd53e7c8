package mutants

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// result is what became of a mutant.
type result struct {
	killed  bool
	skipped bool
	by      string // what killed it, or why nothing did
}

// pass checks that the tests of a build exist, and pass on the code as it is.
func (t *tree) pass(ctx context.Context, build string) error {
	var tests []string
	for _, m := range t.Mutants {
		if m.Model == "" && m.Build == build {
			tests = append(tests, m.Tests)
		}
	}
	out, err := t.test(ctx, 0, Mutant{Tests: strings.Join(tests, "|"), Build: build}, "-test.v")
	if err != nil {
		return fmt.Errorf("the tests have to pass before anything is mutated: %w\n%s", err, out)
	}
	for _, some := range tests {
		for name := range strings.SplitSeq(some, "|") {
			if !bytes.Contains(out, []byte("--- PASS: "+name+" (")) {
				return fmt.Errorf("there is no test %s in the build %q", name, build)
			}
		}
	}
	return nil
}

// judge runs the tests of mutant number n.
func (t *tree) judge(ctx context.Context, n int, m Mutant) result {
	if m.Model != "" {
		return t.model[m.Model]
	}
	if files, alone := t.alone[n]; alone {
		if err := t.compile(ctx, m.Build, binary(m.Build, n), files); err != nil {
			return result{killed: true, by: "the compiler"}
		}
	}
	if out, err := t.test(ctx, n, m); err != nil {
		return result{killed: true, by: cause(out, err)}
	}
	return result{by: "nothing: " + m.Tests}
}

// test runs the tests of m, which is number n; 0 is none.
func (t *tree) test(ctx context.Context, n int, m Mutant, args ...string) ([]byte, error) {
	patience := t.Patience
	if n == 0 {
		patience = 10 * time.Minute // all tests, of all mutants
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	number := 0
	if _, alone := t.alone[n]; alone {
		number = n
	}
	all := []string{"-test.run", pattern(m.Tests), "-test.timeout", patience.String(), "-test.failfast"}
	cmd := exec.CommandContext(ctx, filepath.Join(t.dir, binary(m.Build, number)), append(all, args...)...)
	cmd.Dir = t.path(".")
	cmd.Env = append(os.Environ(), chosen+"="+strconv.Itoa(n))
	if m.Build == "yield" { // the same schedules each time, and for a mutant as many as it takes
		cmd.Env = append(cmd.Env, "TEST_SEED=1")
		if n > 0 {
			cmd.Env = append(cmd.Env, "SEDA_SCHEDULES=100000")
		}
	}
	return cmd.CombinedOutput()
}

// pattern selects tests by their full names, separated by |.
func pattern(names string) string {
	var all []string
	for name := range strings.SplitSeq(names, "|") {
		all = append(all, "^"+strings.ReplaceAll(name, "/", "$/^")+"$")
	}
	return strings.Join(all, "|")
}

var (
	failed  = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	hanging = regexp.MustCompile(`running tests:\s+(\w+)`)
	after   = regexp.MustCompile(`found (after \d+ schedules)`)
	broken  = regexp.MustCompile(`(?m)^panic: (invariant broken: .*?)( \[|$)`)
)

// cause returns which test failed, or what else is wrong.
func cause(out []byte, err error) string {
	if m := failed.FindSubmatch(out); m != nil {
		test := string(m[1])
		if n := after.FindSubmatch(out); n != nil {
			return test + " " + string(n[1])
		}
		if bytes.Contains(out, []byte("WARNING: DATA RACE")) {
			return test + " (race detector)"
		}
		return test
	}
	if m := hanging.FindSubmatch(out); m != nil {
		return string(m[1]) + " (hangs)"
	}
	if m := broken.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return err.Error()
}
