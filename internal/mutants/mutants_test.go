package mutants

import (
	"bytes"
	"errors"
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

const source = `package p

const width = 128

type ring[T any] struct{ buf []T }

func (r *ring[T]) last(_ int, skip ...bool) (v T, ok bool) {
	n := len(r.buf)
	return r.buf[n-1], n > 0
}

func reset() { width := 1; _ = width }
`

// What is woven is Go, has each version of a function once, and a call of each; what is not within a function is left.
func TestWeave(t *testing.T) {
	woven, left, err := weave([]byte(source), map[int]Mutant{
		3: {Old: "n := len(r.buf)", New: "n := len(r.buf) - 1"},
		4: {Old: "n > 0", New: "true"},
		7: {Old: "width := 1", New: "width := 2"},
		8: {Old: "const width = 128", New: "const width = 8"},
	})
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Contains(t, left, 8)
	_, err = parser.ParseFile(token.NewFileSet(), "", woven, 0)
	require.NoError(t, err, "%s", woven)
	for _, text := range []string{
		"func (self *ring[T]) last(p0 int, p1 ...bool) (v T, ok bool) {\n\tswitch chosenMutant {",
		"return self.lastMutant3(p0, p1...)", "return self.lastMutant4(p0, p1...)", "return self.lastMutant0(p0, p1...)",
		"func (r *ring[T]) lastMutant4(_ int, skip ...bool) (v T, ok bool) {\n\tn := len(r.buf)\n\treturn r.buf[n-1], true\n}",
		"case 7:\n\t\tresetMutant7()\n\t\treturn\n", "func resetMutant0() { width := 1; _ = width }",
	} {
		require.Equal(t, 1, bytes.Count(woven, []byte(text)), "%s in\n%s", text, woven)
	}
}

func TestPattern(t *testing.T) {
	require.Equal(t, "^TestA$|^TestB$/^x$", pattern("TestA|TestB/x"))
}

func TestCause(t *testing.T) {
	failed := errors.New("exit status 1")
	for out, want := range map[string]string{
		"--- FAIL: TestA (0.1s)\n    --- FAIL: TestA/x (0s)\n":                     "TestA",
		"--- FAIL: TestA (0.1s)\n found after 12 schedules: lost":                  "TestA after 12 schedules",
		"WARNING: DATA RACE\n--- FAIL: TestA (0.1s)\n":                             "TestA (race detector)",
		"panic: test timed out after 40s\n\trunning tests:\n\t\tTestA (40s)\n":     "TestA (hangs)",
		"panic: invariant broken: ring: more events than slots\n\ngoroutine 7":     "invariant broken: ring: more events than slots",
		"panic: invariant broken: ring: x [recovered]\n\tpanic: invariant broken:": "invariant broken: ring: x",
		"": "exit status 1",
	} {
		require.Equal(t, want, cause([]byte(out), failed))
	}
}

func TestVerdict(t *testing.T) {
	table := []byte("variant      expected    found     states\nspan BROKEN  order lost  order lost  12  0.1\nspan  holds  holds 3\n" +
		"span LATE  order lost  holds  <- not as expected  12  0.1\n")
	require.Equal(t, result{killed: true, by: "model: span BROKEN"}, verdict("span -DBROKEN", table))
	require.Equal(t, result{by: "model: span LATE"}, verdict("span -DLATE", table))
	require.False(t, verdict("span -DOTHER", table).killed)
	require.True(t, verdict("span -DBROKEN", []byte("skipped: spin not found\n")).skipped)
}

func TestReport(t *testing.T) {
	var out bytes.Buffer
	mutants := []Mutant{{Rule: "a", What: "b"}, {Rule: "c", What: "d"}}
	require.True(t, report(&out, mutants, []result{{killed: true, by: "TestA"}, {skipped: true}}))
	require.Contains(t, out.String(), "| a | b | TestA | yes |\n")
	require.Contains(t, out.String(), "2 mutants, 1 killed, 1 skipped, 0 survive")
	require.False(t, report(&out, mutants, []result{{killed: true}, {by: "nothing: TestB|TestC"}}))
	require.Contains(t, out.String(), "| c | d | nothing: TestB, TestC | no |\n")
}
