//go:build amd64 && !race && !invariants && !yield

package ring

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// instruction is a line of the compiler's listing: where it comes from, after inlining, what it is, and its operands.
var instruction = regexp.MustCompile(`^\t0x[0-9a-f]+ \d+ \((.*):(\d+)\)\t([A-Z0-9]+)\t?(.*)$`)

// load and store match operands of which the first or the last is in memory that is not the stack of the function.
var (
	load  = regexp.MustCompile(`\((?:[A-D]X|[SD]I|R\d+)\)(\([^)]*\))?, `)
	store = regexp.MustCompile(`\((?:[A-D]X|[SD]I|R\d+)\)(\([^)]*\))?$`)
)

// block instructions copy and clear memory that no operand names: large events.
var block = regexp.MustCompile(`^(REP|(MOVS|STOS)[BWLQ]|DUFF[A-Z]+)$`)

// leaves is where a straight run of instructions ends.
var leaves = regexp.MustCompile(`^(J[A-Z]+|RET|CALL|TEXT)$`)

// inSlots are the files whose code reads events.
var inSlots = map[string]bool{"slots.go": true, "slot.go": true}

const releaseFile = "../internal/release/store_amd64_unsafe.go"

// releaseLines are the numbers of the lines on which a release store stands.
func releaseLines(t *testing.T) map[string]bool {
	text, err := os.ReadFile(releaseFile)
	require.NoError(t, err)
	lines := map[string]bool{}
	n := 0
	for line := range strings.Lines(string(text)) {
		if n++; strings.HasPrefix(line, "func Store") {
			lines[strconv.Itoa(n)] = true
		}
	}
	require.Len(t, lines, 2, "Store and StoreInt")
	return lines
}

// On amd64 a release store is a plain one, and nothing in the language keeps the compiler from moving what stands before it
// to after it. It does not: in the code it makes, a straight run that has published writes nothing more, but for the next publication, and
// reads no slot. Whatever stands before the store in the source and was moved past it would show here.
// The methods are compiled for each shape of event where a ring of it is made: here, for bytes, and in testdata, for others.
func TestCompilerKeepsPublicationLast(t *testing.T) {
	published := map[string]int{}
	for _, dir := range []string{".", "./testdata/shapes"} {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-S", dir).CombinedOutput()
		require.NoError(t, err, "%s", out)
		requirePublicationLast(t, string(out), published)
	}
	requirePublished(t, published)
}

// requirePublicationLast reads a listing and counts the release stores of each function.
func requirePublicationLast(t *testing.T, listing string, published map[string]int) {
	publishing := releaseLines(t)
	function, after := "", false
	for line := range strings.Lines(listing) {
		m := instruction.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		file, op, operands := m[1], m[3], m[4]
		switch {
		case op == "TEXT":
			function, _, _ = strings.Cut(operands, "(SB)")
			after = false
		case leaves.MatchString(op):
			after = false
		case strings.HasSuffix(file, filepath.Base(releaseFile)) && publishing[m[2]] && store.MatchString(operands): // not what fetches an operand
			published[function]++
			after = true
		case after && (store.MatchString(operands) || block.MatchString(op)), after && op != "LEAQ" && inSlots[filepath.Base(file)] && load.MatchString(operands):
			t.Errorf("%s: after a release store: %s", function, strings.TrimSpace(line))
		}
	}
}

// requirePublished is for a listing in which the expressions above would find nothing.
func requirePublished(t *testing.T, published map[string]int) {
	for _, name := range []string{
		"SPSC[go.shape.uint8]).Push", "SPSC[go.shape.uint8]).PushBatch", "SPSC[go.shape.uint8]).Pop", "SPSC[go.shape.uint8]).PopBatch",
		"MPSC[go.shape.uint8]).Pop", "MPSC[go.shape.uint8]).PopBatch", "spanLog).publishSpan", "mpmcCursors).freeSpan",
		"SPSC[go.shape.uint8]).popOf", "SPSC[go.shape.uint8]).waiting", "mpscCursors).claim",
		"Slot[go.shape.uint8]).Push", "Slot[go.shape.uint8]).Pop", "Slot[go.shape.uint8]).fillAll", "Slot[go.shape.uint8]).emptyAll",
		"SPSC[go.shape.[500]uint64]).Pop", "Slot[go.shape.*uint8]).Pop", "SPSC[go.shape.string]).Push",
	} {
		found := 0
		for function, n := range published {
			if strings.HasSuffix(function, name) {
				found += n
			}
		}
		require.NotZero(t, found, "no release store found in %s: does this test still see them?", name)
	}
}
