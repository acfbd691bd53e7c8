package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patience bounds the tests of one mutant. Tests wait for 20 s before they take something for lost.
const patience = 100 * time.Second

// tree is the code that is mutated, and what is known of it.
type tree struct {
	root  string // of the module
	tags  string // to build with
	dir   string // for changed files, and the tests
	model map[string]result
}

// result is what became of a mutant.
type result struct {
	killed  bool
	skipped bool
	by      string // what killed it, or why nothing did
}

// newTree returns the tree for tests, or for schedules.
func newTree(schedules bool) (*tree, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "mutants")
	t := &tree{root: strings.TrimSpace(string(out)), dir: dir}
	if schedules {
		t.tags = "yield"
	}
	return t, err
}

func (t *tree) remove() { _ = os.RemoveAll(t.dir) }

func (t *tree) binary() string { return filepath.Join(t.dir, "engine.test") }

// prepare compiles the tests with all mutants in the code, and checks that the tests pass as long as none is chosen; and it runs the model.
func (t *tree) prepare(mutants []mutant) error {
	var tests, variants []string
	for _, m := range mutants {
		if m.model != "" {
			variants = append(variants, m.model)
		} else {
			tests = append(tests, m.tests)
		}
	}
	if err := t.compile(mutants); err != nil {
		return err
	}
	if err := t.pass(tests); err != nil {
		return err
	}
	return t.check(variants)
}

// compile makes the test binary. Mutants for the model are no more than looked for.
func (t *tree) compile(mutants []mutant) error {
	files := map[string]map[int]mutant{}
	var errs []error
	for i, m := range mutants {
		text, err := os.ReadFile(filepath.Join(t.root, "engine", m.file))
		if err != nil {
			return err
		}
		if n := bytes.Count(text, []byte(m.old)); n != 1 {
			errs = append(errs, fmt.Errorf("%s, %q: %s has this text %d times:\n%s", m.rule, m.what, m.file, n, m.old))
		}
		if m.model != "" {
			continue
		}
		if files[m.file] == nil {
			files[m.file] = map[int]mutant{}
		}
		files[m.file][i+1] = m
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	overlay, err := t.overlay(files)
	if err != nil {
		return err
	}
	// Not optimised: that takes longer than all of the tests.
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-tags="+t.tags, "-gcflags=-N -l", "-overlay", overlay, "-o", t.binary(), "./engine")
	cmd.Dir = t.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the mutants: %w\n%s", err, out)
	}
	return nil
}

// overlay writes the changed files, and the list that has the compiler use them.
func (t *tree) overlay(files map[string]map[int]mutant) (string, error) {
	replace := map[string]string{}
	write := func(path string, text []byte) error {
		changed := filepath.Join(t.dir, fmt.Sprintf("%d.go", len(replace)))
		replace[path] = changed
		return os.WriteFile(changed, text, 0o600)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(t.root, "engine", name)
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		if text, err = weave(text, files[name]); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		pkg := filepath.Dir(path)
		variable := fmt.Sprintf("package %s\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nvar %s, _ = strconv.Atoi(os.Getenv(%q))\n",
			filepath.Base(pkg), chosen, chosen)
		if err := errors.Join(write(path, text), write(filepath.Join(pkg, chosen+".go"), []byte(variable))); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(t.dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// test runs tests with mutant number n, 0 for none.
func (t *tree) test(n int, tests string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	all := []string{"-test.run", "^(" + tests + ")$", "-test.timeout", patience.String(), "-test.failfast"}
	cmd := exec.CommandContext(ctx, t.binary(), append(all, args...)...)
	cmd.Dir = filepath.Join(t.root, "engine")
	cmd.Env = append(os.Environ(), chosen+"="+strconv.Itoa(n))
	if t.tags != "" { // the same schedules each time, and for a mutant as many as it takes
		cmd.Env = append(cmd.Env, "TEST_SEED=1")
	}
	if t.tags != "" && n > 0 {
		cmd.Env = append(cmd.Env, "SEDA_SCHEDULES=100000")
	}
	return cmd.CombinedOutput()
}

// pass checks that the tests exist, and pass on the code as it is.
func (t *tree) pass(tests []string) error {
	if len(tests) == 0 {
		return nil
	}
	out, err := t.test(0, strings.Join(tests, "|"), "-test.v")
	if err != nil {
		return fmt.Errorf("the tests have to pass before anything is mutated: %w\n%s", err, out)
	}
	for _, some := range tests {
		for name := range strings.SplitSeq(some, "|") {
			if !bytes.Contains(out, []byte("\n--- PASS: "+name+" (")) {
				return fmt.Errorf("there is no test %s", name)
			}
		}
	}
	return nil
}

// judge runs the tests of mutant number n.
func (t *tree) judge(n int, m mutant) result {
	if m.model != "" {
		return t.model[m.model]
	}
	if out, err := t.test(n, m.tests); err != nil {
		return result{killed: true, by: cause(out, err)}
	}
	return result{by: "nothing: " + m.tests}
}

var (
	failed  = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	hanging = regexp.MustCompile(`running tests:\n\t(\w+)`)
	after   = regexp.MustCompile(`found (after \d+ schedules)`)
)

// cause returns which test failed.
func cause(out []byte, err error) string {
	if m := failed.FindSubmatch(out); m != nil {
		if n := after.FindSubmatch(out); n != nil {
			return string(m[1]) + " " + string(n[1])
		}
		return string(m[1])
	}
	if m := hanging.FindSubmatch(out); m != nil {
		return string(m[1]) + " (hangs)"
	}
	return err.Error()
}
