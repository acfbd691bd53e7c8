package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/seda-go/seda/internal/report"
)

const (
	flagHgrm = "hgrm"
	// hgrmTicks is how many lines there are from each percentile to half of what is left above it, as HdrHistogram's own programs have it.
	hgrmTicks = 5
	// hgrmUnit is a microsecond: sojourn times are recorded in nanoseconds.
	hgrmUnit = 1000
)

// distribution is the sojourn times of all requests of a row, in the runs that count.
type distribution struct {
	cell
	runs    int
	sojourn *hdrhistogram.Histogram
}

// distributions are kept where they were asked for: one has 200 KiB and more.
type distributions struct{ all []*distribution }

// add puts a run into the row of its cell.
func (d *distributions) add(c cell, sojourn *hdrhistogram.Histogram) {
	for _, row := range d.all {
		if row.arch == c.arch && row.workers == c.workers && row.load.Same(c.load) {
			row.runs++
			row.sojourn.Merge(sojourn)
			return
		}
	}
	whole := hdrhistogram.New(sojourn.LowestTrackableValue(), sojourn.HighestTrackableValue(), int(sojourn.SignificantFigures()))
	whole.Merge(sojourn)
	d.all = append(d.all, &distribution{c, 1, whole})
}

// name is that of the file, without a directory: what is no letter, digit, dot or dash in the row becomes a dash.
func (row *distribution) name() string {
	text := fmt.Sprintf("%s-%s-%s", row.arch, strings.ReplaceAll(report.Plural(row.workers, "worker"), " ", ""), row.load.Name())
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}, text)
}

// write makes a file of each row, and returns a line on each.
func (d *distributions) write(dir string) (lines []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	taken := map[string]int{}
	for _, row := range d.all {
		name := row.name()
		if taken[name]++; taken[name] > 1 {
			name += fmt.Sprintf("_%d", taken[name]) // what no other name contains
		}
		path := filepath.Join(dir, name+".hgrm")
		if err := writeWhole(path, row.print); err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%s: sojourn times of %s, %s", path, row.cell, report.Plural(row.runs, "run")))
	}
	return lines, nil
}

// print writes the distribution as HdrHistogram's programs do, in microseconds.
func (row *distribution) print(w io.Writer) error {
	_, err := row.sojourn.PercentilesPrint(w, hgrmTicks, hgrmUnit)
	return err
}

// writeHistograms makes the files that --hgrm asks for, and says which there are.
func (st *study) writeHistograms() error {
	if st.hgrm == "" {
		return nil
	}
	lines, err := st.distributions.write(st.hgrm)
	if err != nil {
		return fmt.Errorf("--%s: %w", flagHgrm, err)
	}
	return st.say(lines)
}
