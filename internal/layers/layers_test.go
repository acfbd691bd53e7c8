package layers

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A rule says what the packages that match one pattern may import besides the
// standard library.
type rule struct {
	pattern string   // a directory, or with /... a directory and all below it
	own     []string // patterns of packages of this module
	others  []string // patterns of packages of other modules
}

const (
	sys  = "golang.org/x/sys/..."
	hdr  = "github.com/HdrHistogram/hdrhistogram-go/..."
	ebpf = "github.com/cilium/ebpf/..."
)

var (
	checks  = []string{"internal/invariant", "internal/release", "internal/yield"}
	joined  = append([]string{"ring", "affinity", "sched", "probes"}, checks...)
	outside = append([]string{"engine/...", "internal/...", "sched/sim"}, joined...)
	anyone  = []string{"..."}
)

// rules is the allow-list of the root module: the first pattern that matches a
// package decides. A package without a rule is an error, a rule without a
// package is not.
var rules = []rule{
	{pattern: "ring", own: checks},
	{pattern: "ring/mutants", own: []string{"internal/mutants"}},
	{pattern: "ring/...", own: append([]string{"ring"}, checks...)},
	{pattern: "affinity", own: checks, others: []string{sys}},
	{pattern: "sched", own: checks},
	{pattern: "sched/sim", own: append([]string{"sched"}, checks...)},
	{pattern: "probes", own: checks},
	{pattern: "probes/bpf/...", own: append([]string{"probes"}, checks...), others: []string{ebpf, sys}},
	{pattern: "probes/profile", own: []string{"probes"}, others: []string{"github.com/google/pprof/..."}},
	{pattern: "probes/...", own: append([]string{"probes"}, checks...), others: []string{sys}},

	{pattern: "engine", own: append([]string{"internal/clock", "engine/internal/manual", "engine/internal/label"}, joined...), others: []string{sys}},
	{pattern: "engine/internal/manual"},
	{pattern: "engine/internal/label"},
	{pattern: "engine/mutants", own: []string{"internal/mutants"}},
	{pattern: "engine/...", own: append([]string{"engine/..."}, joined...), others: []string{sys}},

	{pattern: "internal/invariant"},
	{pattern: "internal/release"},
	{pattern: "internal/clock"},
	{pattern: "internal/yield", own: []string{"internal/invariant"}},
	{pattern: "internal/leaktest"},
	{pattern: "internal/layers"},
	{pattern: "internal/plot"},
	{pattern: "internal/...", own: outside, others: []string{hdr, sys}},

	{pattern: "bench/figures/rival", others: []string{ebpf, sys}},
	{pattern: "bench/figures", own: append([]string{"bench/figures/...", "probes/..."}, outside...), others: []string{sys}},
	{pattern: "bench/...", own: outside, others: []string{hdr, sys}},
	{pattern: "cmd/...", own: append([]string{"cmd/...", "probes/..."}, outside...), others: anyone},
	{pattern: "examples/...", own: []string{"engine/...", "affinity", "probes/..."}, others: anyone},
}

// testOnly is what tests may import on top of the rule of their package.
var testOnly = rule{
	own:    []string{"internal/leaktest", "internal/invariant", "internal/queueing", "probes/..."}, // sources for engines
	others: []string{"github.com/stretchr/testify/...", "pgregory.net/rapid", "github.com/cockroachdb/datadriven", "github.com/guptarohit/asciigraph", sys},
}

func matches(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if top, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(name, top)
	}
	return pattern == name
}

func (r rule) allows(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		return true // the standard library
	}
	list := r.others
	if name, ok := strings.CutPrefix(imported, module+"/"); ok {
		list, imported = r.own, name
	}
	return slices.ContainsFunc(list, func(p string) bool { return matches(p, imported) })
}

func ruleOf(dir string) (rule, bool) {
	i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.pattern, dir) })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

// importFaults lists the imports of s that no rule allows.
func importFaults(s source) []string {
	r, ok := ruleOf(s.dir())
	if !ok {
		return []string{fmt.Sprintf("package %s has no rule: add one to the list in internal/layers", s.dir())}
	}
	var faults []string
	for _, p := range s.imports() {
		own := p == module+"/"+s.dir()
		if r.allows(p) || s.isTest() && (own || testOnly.allows(p)) {
			continue
		}
		faults = append(faults, fmt.Sprintf("%s may not import %s", s.name, p))
	}
	return faults
}

func TestImports(t *testing.T) {
	skip := nested(t)
	for _, s := range sources(t) {
		if !within(s.dir(), skip...) {
			require.Empty(t, importFaults(s))
		}
	}
}

func TestImportRules(t *testing.T) {
	for _, c := range []struct {
		file, imported string
		ok             bool
	}{
		{"ring/mpmc.go", "sync/atomic", true},
		{"ring/mpmc.go", module + "/internal/release", true},
		{"ring/mpmc.go", module + "/sched", false},
		{"ring/mpmc.go", module + "/affinity", false},
		{"ring/mpmc.go", "golang.org/x/sys/unix", false},
		{"ring/mpmc.go", "github.com/stretchr/testify/require", false},
		{"ring/mpmc_test.go", "github.com/stretchr/testify/require", true},
		{"ring/mpmc_test.go", module + "/engine", false},
		{"ring/example_test.go", module + "/ring", true},
		{"affinity/pin_linux.go", "golang.org/x/sys/unix", true},
		{"affinity/place.go", module + "/sched", false},
		{"sched/sim/sim.go", module + "/sched", true},
		{"sched/picker.go", module + "/sched/sim", false},
		{"engine/worker.go", module + "/ring", true},
		{"engine/worker.go", module + "/probes/bpf", false},
		{"engine/worker.go", module + "/sched/sim", false},
		{"engine/worker.go", "github.com/cilium/ebpf", false},
		{"engine/enginetest/run.go", module + "/engine", true},
		{"engine/enginetest/run.go", module + "/engine/internal/manual", true},
		{"engine/worker.go", module + "/engine/internal/manual", true},
		{"engine/worker.go", module + "/engine/enginetest", false},
		{"engine/internal/manual/manual.go", module + "/engine", false},
		{"probes/bpf/bpf.go", "github.com/cilium/ebpf/ringbuf", true},
		{"probes/bpf/bpf.go", module + "/engine", false},
		{"cmd/sedabench/main.go", module + "/probes/bpf", true},
		{"cmd/sedabench/main.go", module + "/engine", true},
		{"internal/load/open.go", module + "/cmd/sedabench", false},
		{"nowhere/a.go", "fmt", false},
	} {
		s := parse(t, c.file, "package p\nimport _ \""+c.imported+"\"\n")
		require.Equal(t, c.ok, len(importFaults(s)) == 0, "%s imports %s", c.file, c.imported)
	}
}

// TestEngineLinks holds what a program that imports engine links, indirectly
// too: the standard library but for net/http, x/sys and this module without
// probes/bpf.
func TestEngineLinks(t *testing.T) {
	dir := root(t)
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps",
		"-f", `{{if or (not .Standard) (eq .ImportPath "net/http")}}{{.ImportPath}}{{end}}`, "./engine")
	list.Dir = dir
	out, err := list.Output()
	require.NoError(t, err)
	for _, p := range strings.Fields(string(out)) {
		allowed := strings.HasPrefix(p, "golang.org/x/sys/") || strings.HasPrefix(p, module+"/")
		require.True(t, allowed && !within(p, module+"/probes/bpf"), "engine links %s", p)
	}
}
