package workload

import "math/rand/v2"

const lineSize = 64

// line is a cache line, whose first word says which comes next.
type line [lineSize / 4]uint32

// memory is what the stages walk through instead of spinning: each has its own, in which every line names the one that comes after it, until all have been
// seen. A line cannot be asked for before the one before it has come, so that a turn is what the memory takes to answer, and not how many questions
// a core can ask at once; strided, the lines follow one another, and the core guesses right which comes next. It is only read, so that stages may
// be served by several workers; safe for concurrent use.
type memory struct {
	stages [][]line // nil where a stage spins
}

func newMemory(w Work, stages int) *memory {
	m := &memory{}
	for range stages {
		m.stages = append(m.stages, newLines(w))
	}
	return m
}

// newLines makes one cycle of all lines: Sattolo, "An algorithm to generate a random cyclic permutation", Information Processing Letters 22 (1986).
func newLines(w Work) []line {
	order := make([]uint32, w.bytes/lineSize)
	for i := range order {
		order[i] = uint32(i)
	}
	if !w.strided {
		random := rand.New(rand.NewPCG(1, uint64(len(order))))
		for i := len(order) - 1; i > 0; i-- {
			j := random.IntN(i)
			order[i], order[j] = order[j], order[i]
		}
	}
	lines := make([]line, len(order))
	for i, at := range order {
		lines[at][0] = order[(i+1)%len(order)]
	}
	return lines
}

// walk goes n lines on, from one that depends on the request.
func (m *memory) walk(stage int, client int32, n uint32) uint32 {
	lines := m.stages[stage]
	const spread = 2654435761 // Knuth's multiplier: requests that follow one another begin far apart
	at := uint32(uint64(uint32(client)*spread) * uint64(len(lines)) >> 32)
	for ; n > 0; n-- {
		at = lines[at][0]
	}
	return at
}

// calibrate measures what a turn takes, with the memory of a stage as warm as it gets.
func (m *memory) calibrate(stage int) Spin {
	turns := uint32(max(len(m.stages[stage]), calibrationTurns/32))
	m.walk(stage, 0, turns)
	return calibrate(turns, func() { m.walk(stage, 0, turns) })
}
