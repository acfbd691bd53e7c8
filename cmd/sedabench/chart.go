package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/seda-go/seda/internal/report"
)

// chart is quantities side by side, a line of blocks each, from left to right over time or whatever the title says.
type chart struct {
	title string
	lines []chartLine
}

// chartLine is one quantity. Lines of one scale are as high at the same value.
type chartLine struct {
	name, scale string
	values      []float64
	unit        func(float64) string
}

// chartWidth is how many blocks a line has at most.
const chartWidth = 60

// blocks are eight heights; nothing is less than the lowest.
var blocks = []rune("▁▂▃▄▅▆▇█")

func (c chart) write(w io.Writer) error {
	fmt.Fprintf(w, "%s:\n", c.title)
	full, width := map[string]float64{}, 0
	for _, l := range c.lines {
		full[l.scale] = max(full[l.scale], slices.Max(l.values))
		width = max(width, len(thin(l.values)))
	}
	var t report.Table
	for _, l := range c.lines {
		t.Add(l.name, fmt.Sprintf("%-*s", width, sparkline(thin(l.values), full[l.scale])), "up to "+l.unit(slices.Max(l.values)))
	}
	if err := t.Write(w); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// sparkline draws values from 0 to full.
func sparkline(values []float64, full float64) string {
	line := make([]rune, len(values))
	for i, v := range values {
		switch {
		case v <= 0 || full <= 0:
			line[i] = ' '
		default:
			line[i] = blocks[min(int(v/full*float64(len(blocks))), len(blocks)-1)]
		}
	}
	return string(line)
}

// thin returns means of neighbours, as many as a line has blocks.
func thin(values []float64) []float64 {
	n := len(values)
	if n <= chartWidth {
		return values
	}
	some := make([]float64, chartWidth)
	for i := range some {
		part := values[i*n/chartWidth : (i+1)*n/chartWidth]
		for _, v := range part {
			some[i] += v / float64(len(part))
		}
	}
	return some
}
