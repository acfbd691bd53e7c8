package main

import (
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// compareView is what compare prints.
type compareView struct {
	names       [2]string
	files       [2]report.File
	differences []string // between what the files say of machine and configuration
	changes     []report.Change
	tests       int // of changes, together
	unmatched   []string
}

func view(before, after string, old, now report.File) *compareView {
	v := &compareView{names: [2]string{before, after}, files: [2]report.File{old, now}}
	v.differences = append(fieldsThatDiffer("machine", old.Machine, now.Machine, "steal", "foreign"),
		fieldsThatDiffer("config", old.Config, now.Config, "command", "loads", "graph", "spin_turn_ns", "spin_spread")...)
	v.differences = append(v.differences, stagesThatDiffer(old.Config, now.Config)...)
	for i, f := range v.files {
		if f.Partial {
			v.differences = append(v.differences, fmt.Sprintf("%s is partial: %s", v.names[i], f.Reason))
		}
	}
	v.changes, v.unmatched = report.Compare(old, now)
	v.tests = tests(v.changes)
	return v
}

// work is what each request costs: where that differs, so do all figures.
type work struct {
	Shape   string `json:"shape"`
	Stages  int    `json:"stages"`
	Graph   string `json:"graph"`
	Keys    string `json:"keys"`
	Service string `json:"service"`
	Work    string `json:"work"`
}

// works are those of two files, the graph in words: without, if one of the files is older than graphs in them.
func works(old, now report.Config) (a, b work) {
	of := func(c report.Config) work {
		w := work{Shape: c.Shape, Stages: c.Stages, Keys: c.Keys, Service: c.Service, Work: c.Work}
		if len(old.Graph) > 0 && len(now.Graph) > 0 {
			w.Graph = fmt.Sprint(c.Graph)
		}
		return w
	}
	return of(old), of(now)
}

// incomparable says why a comparison would tell nothing; empty: it would tell something.
func (v *compareView) incomparable() string {
	old, now := v.files[0].Config, v.files[1].Config
	before, after := works(old, now)
	lines := fieldsThatDiffer("config", before, after)
	if len(lines) == 0 && len(v.changes) == 0 {
		return "they have no row in common"
	}
	return strings.Join(lines, "; ")
}

// stagesThatDiffer lists the stages that are not the same in two graphs of one name, as files of graphs may be, but for what flags say of all stages.
func stagesThatDiffer(old, now report.Config) (lines []string) {
	if old.Shape != now.Shape || len(old.Graph) != len(now.Graph) {
		return nil
	}
	own := func(c report.Config, stage int) report.StageConfig {
		s := c.Graph[stage]
		if s.Service == c.Service {
			s.Service = ""
		}
		if s.Work == c.Work {
			s.Work = ""
		}
		return s
	}
	for i := range old.Graph {
		if before, after := old.Graph[i], now.Graph[i]; !reflect.DeepEqual(before, after) && !reflect.DeepEqual(own(old, i), own(now, i)) {
			lines = append(lines, fmt.Sprintf("config: stage %d was %s, is %s", i+1, before, after))
		}
	}
	return lines
}

// fieldsThatDiffer lists the fields, by their names in JSON, in which two values differ.
func fieldsThatDiffer(what string, old, now any, except ...string) (lines []string) {
	a, b := reflect.ValueOf(old), reflect.ValueOf(now)
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		before, after := fmt.Sprint(a.Field(i)), fmt.Sprint(b.Field(i))
		if before == after || slices.Contains(except, name) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s was %s, is %s", what, name, orNothing(before), orNothing(after)))
	}
	return lines
}

func orNothing(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// What can be said of a change.
const (
	better  = "better"
	worse   = "worse"
	noneYet = "no difference shown"
	tooFew  = "too few runs"
)

func (v *compareView) verdict(c report.Change) string {
	switch {
	case !c.Comparable() || !c.Tellable(level, v.tests):
		return tooFew
	case c.P >= level:
		return noneYet
	case (c.Ratio.Value > 1) == c.Metric.MoreIsGood:
		return better
	}
	return worse
}

func (v *compareView) writeText(w io.Writer) error {
	var b strings.Builder
	for i, side := range []string{"old", "new"} {
		fmt.Fprintf(&b, "%s  %s: %s\n     %s\n", side, v.names[i], machineText(v.files[i].Machine), wrap(v.files[i].Config.Command, "     "))
	}
	for _, line := range v.differences {
		b.WriteString(line + "\n")
	}
	if len(v.differences) > 0 {
		b.WriteString("What differs besides may be why figures differ.\n")
	}
	b.WriteByte('\n')
	if err := v.writeTables(&b); err != nil {
		return err
	}
	for _, line := range v.unmatched {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(&b, "Medians of the runs that count with confidence intervals of 95 %%, p corrected for %s.\n", report.Plural(v.tests, "test"))
	_, err := io.WriteString(w, b.String())
	return err
}

// writeTables writes a table a load.
func (v *compareView) writeTables(w io.Writer) error {
	rest := v.changes
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && rest[n].Workers == rest[0].Workers && rest[n].Load.Same(rest[0].Load) {
			n++
		}
		fmt.Fprintf(w, "%s, %s:\n", capitalized(rest[0].Load.String()), report.Plural(rest[0].Workers, "worker"))
		if err := v.writeTable(w, rest[:n]); err != nil {
			return err
		}
		fmt.Fprintln(w)
		rest = rest[n:]
	}
	return nil
}

func (v *compareView) writeTable(w io.Writer, changes []report.Change) error {
	var t report.Table
	t.Add(changeHead...)
	for _, c := range changes {
		t.Add(v.changeCells(c)...)
	}
	return t.Write(w)
}

var changeHead = []string{"architecture", "figure", "old", "95 %", "new", "95 %", "change", "95 %", "p", "runs", ""}

func (v *compareView) changeCells(c report.Change) []string {
	before, after := report.MedianInterval(c.Old), report.MedianInterval(c.New)
	change, around, p := "-", "-", "-"
	if c.Comparable() {
		change = fmt.Sprintf("%+.1f%%", 100*(c.Ratio.Value-1))
		around = fmt.Sprintf("%+.1f%%..%+.1f%%", 100*(c.Ratio.Low-1), 100*(c.Ratio.High-1))
		p = fmt.Sprintf("%.2g", c.P)
	}
	return []string{
		c.Arch, c.Metric.Name, c.Metric.Write(before.Value), around95(before, c.Metric.Write), c.Metric.Write(after.Value),
		around95(after, c.Metric.Write), change, around, p, fmt.Sprintf("%d+%d", len(c.Old), len(c.New)), v.verdict(c),
	}
}

func around95(i report.Interval, write func(float64) string) string {
	if math.IsNaN(i.Value) {
		return "-"
	}
	return write(i.Low) + ".." + write(i.High)
}

// compareSchema names the form of what compare -o json prints.
const compareSchema = "sedabench-compare/1"

type changeJSON struct {
	Arch    string        `json:"arch"`
	Workers int           `json:"workers"`
	Load    report.Load   `json:"load"`
	Metric  string        `json:"metric"`
	Old     *intervalJSON `json:"old"`
	New     *intervalJSON `json:"new"`
	Ratio   *intervalJSON `json:"ratio"` // new to old
	P       float64       `json:"p"`
	Runs    [2]int        `json:"runs"` // that count
	Verdict string        `json:"verdict"`
}

type intervalJSON struct {
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
}

// intervalOf is null for what is no number, such as the ratio to figures of which some are 0.
func intervalOf(i report.Interval) *intervalJSON {
	if wide := i.High - i.Low; !(i.Value > 0) || !(wide >= 0) || math.IsInf(wide, 1) {
		return nil
	}
	return &intervalJSON{i.Low, i.Value, i.High}
}

// notNil makes an empty list of none, which is null in JSON.
func notNil(lines []string) []string { return append([]string{}, lines...) }

func (v *compareView) writeJSON(w io.Writer) error {
	out := struct {
		Schema      string       `json:"schema"`
		Old         string       `json:"old"`
		New         string       `json:"new"`
		Differences []string     `json:"differences"`
		Changes     []changeJSON `json:"changes"`
		Unmatched   []string     `json:"unmatched"`
	}{compareSchema, v.names[0], v.names[1], notNil(v.differences), []changeJSON{}, notNil(v.unmatched)}
	for _, c := range v.changes {
		out.Changes = append(out.Changes, changeJSON{
			c.Arch, c.Workers, c.Load, c.Metric.Name, intervalOf(report.MedianInterval(c.Old)), intervalOf(report.MedianInterval(c.New)),
			intervalOf(c.Ratio), c.P,
			[2]int{len(c.Old), len(c.New)},
			v.verdict(c),
		})
	}
	return report.WriteObject(w, out)
}
