package layers

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// untyped matches the functions of sync/atomic that take an address.
var untyped = regexp.MustCompile(`^(Add|And|CompareAndSwap|Load|Or|Store|Swap)(Int32|Int64|Uint32|Uint64|Uintptr|Pointer)$`)

// selectors lists the uses of package p in s whose name bad accepts.
func (s source) selectors(p string, bad func(name string) bool) []string {
	local := s.localName(p)
	var uses []string
	if local == "" {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && bad(sel.Sel.Name) {
				uses = append(uses, fmt.Sprintf("%s: %s.%s", s.at(n), local, sel.Sel.Name))
			}
		}
		return true
	})
	return uses
}

func atomicFaults(s source) []string {
	return s.selectors("sync/atomic", untyped.MatchString)
}

func unsafeFaults(s source) []string {
	named := strings.HasSuffix(s.name, "_unsafe.go") || strings.HasSuffix(s.name, "_unsafe_test.go")
	if slices.Contains(s.imports(), "unsafe") && !named {
		return []string{s.name + " imports unsafe and is not named *_unsafe.go"}
	}
	return nil
}

// impure are the packages of the standard library that sched may not import: it
// knows no clock, goroutine, atomic or I/O.
var impure = []string{
	"context", "io", "io/fs", "log", "log/slog", "net", "os", "runtime", "sync", "sync/atomic", "syscall", "testing",
}

// lockFaults lists what ring and sched must not use: locks, channels and
// goroutines; and, in sched, everything impure. Programs may.
func lockFaults(s source) []string {
	inRing, inSched := within(s.dir(), "ring"), within(s.dir(), "sched")
	if s.isTest() || !inRing && !inSched || within(s.dir(), "ring/model") || s.file.Name.Name == "main" {
		return nil
	}
	var faults []string
	banned := []string{"sync"}
	if inSched {
		banned = impure
		faults = s.selectors("time", func(name string) bool {
			return slices.Contains([]string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}, name)
		})
	}
	for _, p := range s.imports() {
		if slices.Contains(banned, p) {
			faults = append(faults, s.name+" imports "+p)
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ChanType, *ast.SelectStmt, *ast.SendStmt, *ast.GoStmt:
			faults = append(faults, fmt.Sprintf("%s: a channel or a goroutine", s.at(n)))
		}
		return true
	})
	return faults
}

func TestTypedAtomics(t *testing.T)  { lint(t, atomicFaults) }
func TestUnsafeFiles(t *testing.T)   { lint(t, unsafeFaults) }
func TestLocksInLeaves(t *testing.T) { lint(t, lockFaults) }

func lint(t *testing.T, faults func(source) []string) {
	for _, s := range sources(t) {
		if !ast.IsGenerated(s.file) {
			require.Empty(t, faults(s))
		}
	}
}

// TestEveryPackageHasDoc holds that a package of the root module is described
// in its doc.go, or, a program, in the file of its main function.
func TestEveryPackageHasDoc(t *testing.T) {
	documented := map[string]bool{}
	skip := nested(t)
	for _, s := range sources(t) {
		if s.isTest() || within(s.dir(), skip...) {
			continue
		}
		base := path.Base(s.name)
		here := base == "doc.go" || s.file.Name.Name == "main"
		documented[s.dir()] = documented[s.dir()] || here && s.file.Doc != nil
	}
	for dir, ok := range documented {
		require.True(t, ok, "package %s has no doc.go with a package comment", dir)
	}
}

// machinePath matches a path that exists on one machine only. It is put
// together here so that it does not match itself.
var machinePath = regexp.MustCompile(`(^|[^\w.~$/}-])/(` + strings.Join([]string{"work", "root", "tmp", `home/\w+`, `Users/\w+`}, "|") + `)/\w`)

func pathFaults(name, text string) []string {
	var faults []string
	for i, line := range strings.Split(text, "\n") {
		if machinePath.MatchString(line) {
			faults = append(faults, name+":"+strconv.Itoa(i+1)+": "+strings.TrimSpace(line))
		}
	}
	return faults
}

func TestNoMachinePaths(t *testing.T) {
	files(t, func(name string, text []byte) {
		if utf8.Valid(text) {
			require.Empty(t, pathFaults(name, string(text)))
		}
	})
}

func TestLintFindsFaults(t *testing.T) {
	for _, c := range []struct {
		check  func(source) []string
		name   string
		text   string
		faults int
	}{
		{atomicFaults, "engine/a.go", `import "sync/atomic"; var n uint64; var _ = atomic.AddUint64(&n, 1)`, 1},
		{atomicFaults, "engine/a.go", `import a "sync/atomic"; var n int32; var _ = a.LoadInt32(&n)`, 1},
		{atomicFaults, "engine/a.go", `import "sync/atomic"; var n atomic.Uint64; var _ = n.Add(1)`, 0},
		{unsafeFaults, "engine/a.go", `import _ "unsafe"`, 1},
		{unsafeFaults, "engine/a_unsafe.go", `import _ "unsafe"`, 0},
		{lockFaults, "ring/a.go", `import "sync"; var mu sync.Mutex`, 1},
		{lockFaults, "ring/a.go", `import "sync/atomic"; var n atomic.Uint64`, 0},
		{lockFaults, "sched/a.go", `import "sync/atomic"; var n atomic.Uint64`, 1},
		{lockFaults, "ring/a.go", `func f(c chan int) { go f(c); select {}; c <- 1 }`, 4},
		{lockFaults, "ring/a_test.go", `import "sync"; var c chan int`, 0},
		{lockFaults, "sched/a.go", `import "time"; var at = time.Now(); var d time.Duration`, 1},
		{lockFaults, "engine/a.go", `import "sync"; var c chan int`, 0},
	} {
		require.Len(t, c.check(parse(t, c.name, "package p;"+c.text)), c.faults, "%s: %s", c.name, c.text)
	}
	for text, faults := range map[string]int{
		"see " + "/wo" + "rk/main/x":     1,
		`"` + "/home" + `/ann/x"`:        1,
		"https://example.org/wo" + "rk/": 0,
		"network/wo" + "rk/main":         0,
		"$TMPDIR/x":                      0,
	} {
		require.Len(t, pathFaults("a.md", text), faults, text)
	}
}
