package mutants

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// tree is the code that is mutated, and what is known of it.
type tree struct {
	Suite
	root  string                    // of the module
	dir   string                    // for changed files, and the tests
	alone map[int]map[string][]byte // the changed file of each mutant that is compiled by itself
	model map[string]result
}

func newTree(ctx context.Context, s Suite) (*tree, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "mutants")
	return &tree{Suite: s, root: strings.TrimSpace(string(out)), dir: dir, alone: map[int]map[string][]byte{}}, err
}

func (t *tree) remove() { _ = os.RemoveAll(t.dir) }

// path is that of a file of the package.
func (t *tree) path(name string) string { return filepath.Join(t.root, t.Package, name) }

// prepare compiles the tests with all mutants in the code, and checks that the tests pass as long as none is chosen; and it runs the model.
func (t *tree) prepare(ctx context.Context) error {
	builds, variants, err := t.sort()
	if err != nil {
		return err
	}
	for _, build := range slices.Sorted(maps.Keys(builds)) {
		if err := t.weaveAll(ctx, build, builds[build]); err != nil {
			return err
		}
		if err := t.pass(ctx, build); err != nil {
			return err
		}
	}
	return t.check(ctx, variants)
}

// sort returns the mutants by build and the variants of the model, when it has found the text of each in the code.
func (t *tree) sort() (builds map[string]map[int]Mutant, variants []string, err error) {
	if err := t.Check(t.root); err != nil {
		return nil, nil, err
	}
	builds = map[string]map[int]Mutant{}
	for i, m := range t.Mutants {
		if m.Model != "" {
			variants = append(variants, m.Model)
			continue
		}
		if builds[m.Build] == nil {
			builds[m.Build] = map[int]Mutant{}
		}
		builds[m.Build][i+1] = m
	}
	return builds, variants, nil
}

// weaveAll compiles the tests of a build with its mutants, and makes the files of those that have to be compiled alone.
func (t *tree) weaveAll(ctx context.Context, build string, mutants map[int]Mutant) error {
	files := map[string]map[int]Mutant{}
	for n, m := range mutants {
		if files[m.File] == nil {
			files[m.File] = map[int]Mutant{}
		}
		files[m.File][n] = m
	}
	changed := map[string][]byte{}
	for name, some := range files {
		text, err := os.ReadFile(t.path(name))
		if err != nil {
			return err
		}
		woven, left, err := weave(text, some)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		changed[name] = woven
		for n, m := range left {
			t.alone[n] = map[string][]byte{name: bytes.Replace(text, []byte(m.Old), []byte(m.New), 1)}
		}
	}
	// In a file of its own, so that imports of the woven files stay what they are.
	for name := range files {
		pkg := filepath.Dir(name)
		changed[filepath.Join(pkg, chosen+".go")] = fmt.Appendf(nil,
			"package %s\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nvar %s, _ = strconv.Atoi(os.Getenv(%q))\n",
			filepath.Base(filepath.Join(t.Package, pkg)), chosen, chosen)
	}
	return t.compile(ctx, build, binary(build, 0), changed)
}

// binary is the name of the tests of a build: with all mutants, or with number n alone.
func binary(build string, n int) string { return fmt.Sprintf("%s.%d.test", build, n) }
