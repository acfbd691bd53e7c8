package debug

import (
	"slices"

	"github.com/seda-go/seda/engine"
)

// The sizes of a picture, in pixels.
const (
	boxWidth  = 210
	lineSize  = 14 // a line of text
	gapWidth  = 190
	gapHeight = 26
	margin    = 20
	top       = 2 * margin // the title stands above
)

// cell is a place in a column: a stage's box, or where an edge that leads further passes by.
type cell struct {
	stage int // index into Stats.Stages; -1: an edge passes
	x, y  int // the upper left corner
	h     int
}

func (c *cell) middle() int { return c.y + c.h/2 }

// line is an edge on its way.
type line struct {
	from, to *cell
	port     int     // where it leaves from's right side, and its label stands
	via      []*cell // cells it passes, one in each column between
	back     bool    // it leads to the same column, or to one before
	of       engine.EdgeStats
}

// layout is where everything of a graph stands: stages in columns from left to right, each to the right of those that lead to it but for
// edges that close a cycle.
type layout struct {
	columns       [][]*cell
	lines         []*line
	width, height int // of stages and edges
}

// arrange places stages whose boxes have the given heights.
func arrange(stages []engine.StageStats, heights []int) *layout {
	index := map[string]int{}
	for i, st := range stages {
		index[st.Name] = i
	}
	l := &layout{}
	ranks := rank(stages, index)
	l.columns = make([][]*cell, slices.Max(append(ranks, 0))+1)
	cells := make([]*cell, len(stages))
	for i := range stages {
		cells[i] = l.add(ranks[i], i, heights[i])
	}
	for i, st := range stages {
		for _, ed := range st.Edges {
			to, known := index[ed.To]
			if !known {
				continue
			}
			n := &line{from: cells[i], to: cells[to], back: ranks[to] <= ranks[i], of: ed}
			for column := ranks[i] + 1; column < ranks[to]; column++ {
				n.via = append(n.via, l.add(column, -1, lineSize))
			}
			l.lines = append(l.lines, n)
		}
	}
	l.place()
	return l
}

func (l *layout) add(column, stage, height int) *cell {
	c := &cell{stage: stage, h: height}
	l.columns[column] = append(l.columns[column], c)
	return c
}

// rank returns the column of each stage: the longest way to it over edges that do not close a cycle.
func rank(stages []engine.StageStats, index map[string]int) []int {
	const (
		unseen = iota
		onPath
		done
	)
	mark, ranks := make([]int, len(stages)), make([]int, len(stages))
	var order []int // what leads nowhere first
	forward := make([][]int, len(stages))
	var visit func(i int)
	visit = func(i int) {
		mark[i] = onPath
		for _, ed := range stages[i].Edges {
			to, known := index[ed.To]
			if !known || mark[to] == onPath {
				continue
			}
			forward[i] = append(forward[i], to)
			if mark[to] == unseen {
				visit(to)
			}
		}
		mark[i] = done
		order = append(order, i)
	}
	for i := range stages {
		if mark[i] == unseen {
			visit(i)
		}
	}
	for _, i := range slices.Backward(order) {
		for _, to := range forward[i] {
			ranks[to] = max(ranks[to], ranks[i]+1)
		}
	}
	return ranks
}

// place sets the coordinates of cells and ports. Columns stand around a common middle line.
func (l *layout) place() {
	heights := make([]int, len(l.columns))
	for i, column := range l.columns {
		for _, c := range column {
			heights[i] += c.h + gapHeight
		}
		l.height = max(l.height, heights[i])
	}
	for i, column := range l.columns {
		y := top + (l.height-heights[i])/2
		for _, c := range column {
			c.x, c.y = margin+i*(boxWidth+gapWidth), y
			y += c.h + gapHeight
		}
	}
	l.width = len(l.columns)*(boxWidth+gapWidth) - gapWidth
	out, nth := map[*cell]int{}, map[*cell]int{}
	for _, n := range l.lines {
		out[n.from]++
	}
	for _, n := range l.lines {
		nth[n.from]++
		n.port = n.from.y + n.from.h*nth[n.from]/(out[n.from]+1)
		if n.back {
			l.width = max(l.width, n.from.x-margin+boxWidth+gapWidth) // its label stands there
		}
	}
}
