package workload

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Work says how stages spend their service time. The zero value spins, without memory.
type Work struct {
	text    string
	lines   int // of memory that a stage walks through
	strided bool
}

// The least and the most memory of a stage.
const (
	minMemory = 1 << 10
	maxMemory = 256 << 20
)

// WorkForms returns how each kind of work is written, for help and errors.
func WorkForms() []string {
	return []string{"spin", "memory:<KiB or MiB>", "memory:<KiB or MiB>,strided"}
}

// ParseWork reads a kind of work such as spin, memory:256KiB or memory:1MiB,strided.
func ParseWork(text string) (Work, error) {
	kind, arguments, given := strings.Cut(text, ":")
	size, how, more := strings.Cut(arguments, ",")
	switch {
	case kind != "spin" && kind != "memory":
		return Work{}, fmt.Errorf("unknown work %q, want %s", kind, strings.Join(WorkForms(), ", "))
	case kind == "spin" && given, kind == "memory" && !given, more && how != "strided":
		return Work{}, fmt.Errorf("%q, want %s", text, strings.Join(WorkForms(), ", "))
	case kind == "spin":
		return Work{}, nil
	}
	bytes, err := parseSize(size)
	if err != nil {
		return Work{}, err
	}
	return Work{text, bytes / lineSize, more}, nil
}

func parseSize(text string) (int, error) {
	for _, u := range []struct {
		unit string
		one  int
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}} {
		if number, ok := strings.CutSuffix(text, u.unit); ok {
			n, err := strconv.Atoi(number)
			if err == nil && n >= 1 && n <= maxMemory/u.one {
				return n * u.one, nil
			}
		}
	}
	return 0, fmt.Errorf("size %q, want from %d KiB to %d MiB, such as 256KiB", text, minMemory>>10, maxMemory>>20)
}

// String returns the text that ParseWork read.
func (w Work) String() string {
	if w.text == "" {
		return "spin"
	}
	return w.text
}

// Bytes returns how much memory a stage walks through; 0 if it spins.
func (w Work) Bytes() int { return w.lines * lineSize }

const lineSize = 64

// line is a cache line, whose first word says which comes next.
type line [lineSize / 4]uint32

// Memory is what the stages walk through instead of spinning: each has its own, in which every line names the one that comes after it, until all have been
// seen. A line cannot be asked for before the one before it has come, so that a turn is what the memory takes to answer, and not how many questions
// a core can ask at once; strided, the lines follow one another, and the core guesses right which comes next. It is only read, so that stages may
// be served by several workers; safe for concurrent use.
type Memory struct {
	stages [][]line
}

// NewMemory returns the memory of so many stages, and nil for work that spins.
func NewMemory(w Work, stages int) *Memory {
	if w.lines == 0 {
		return nil
	}
	m := &Memory{}
	for range stages {
		m.stages = append(m.stages, newLines(w))
	}
	return m
}

// newLines makes one cycle of all lines: Sattolo, "An algorithm to generate a random cyclic permutation", Information Processing Letters 22 (1986).
func newLines(w Work) []line {
	order := make([]uint32, w.lines)
	for i := range order {
		order[i] = uint32(i)
	}
	if !w.strided {
		random := rand.New(rand.NewPCG(1, uint64(w.lines)))
		for i := len(order) - 1; i > 0; i-- {
			j := random.IntN(i)
			order[i], order[j] = order[j], order[i]
		}
	}
	lines := make([]line, w.lines)
	for i, at := range order {
		lines[at][0] = order[(i+1)%len(order)]
	}
	return lines
}

// walk goes n lines on, from one that depends on the request.
func (m *Memory) walk(stage int, client int32, n uint32) uint32 {
	lines := m.stages[stage]
	const spread = 2654435761 // Knuth's multiplier: requests that follow one another begin far apart
	at := uint32(uint64(uint32(client)*spread) * uint64(len(lines)) >> 32)
	for ; n > 0; n-- {
		at = lines[at][0]
	}
	return at
}

// Calibrate measures what a turn takes on the CPU it is called on, with the memory of one stage as warm as it gets, as Calibrate does for spinning.
func (m *Memory) Calibrate() Spin {
	if m == nil {
		return Calibrate()
	}
	turns := uint32(max(len(m.stages[0]), calibrationTurns/32))
	m.walk(0, 0, turns)
	return calibrate(turns, func() { m.walk(0, 0, turns) })
}
