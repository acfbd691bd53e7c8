package page

import (
	"fmt"
	"html/template"
	"slices"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

// shownGraphs is how many views of stages a file has.
const shownGraphs = 40

// stages draws the graph with what each stage did: one view for each row.
func (d data) stages() section {
	s := section{Heading: "Stages", Choice: "Row", Text: "Means over the requests of a stage, medians over the runs that count. Depth is requests waiting, by Little's law."}
	if d.File.Config.Preset != "" {
		s.Text += " How the stages of a preset follow one another is not in the file."
	}
	left := 0
	for _, g := range d.groups {
		if len(g.valid) == 0 || len(g.valid[0].Stages) == 0 {
			continue
		}
		if len(s.Views) == shownGraphs {
			left++
			continue
		}
		graph := plot.Graph{Title: fmt.Sprintf("Stages of %s, %s", g.Arch, g.row()), Edges: d.edges(len(g.valid[0].Stages))}
		for i, st := range g.valid[0].Stages {
			graph.Nodes = append(graph.Nodes, plot.Node{Name: st.Name, Lines: g.stageLines(i)})
		}
		name := g.Arch + ", " + g.row()
		s.Views = append(s.Views, view{Name: name, Figures: []figure{{
			Name: "stages " + name, Title: graph.Title, Kind: "graph", Drawing: template.HTML(graph.Inline()), file: graph.File,
		}}})
	}
	if left > 0 {
		s.Text += fmt.Sprintf(" %s more are in the file.", report.Plural(left, "row"))
	}
	return s
}

// edges are those of the graph in the file or, if it is older than that, of its shape; presets have stages of their own.
func (d data) edges(stages int) (edges [][2]int) {
	c := d.File.Config
	if len(c.Graph) > 0 {
		return described(c.Graph)
	}
	graph, err := workload.NewGraph(c.Shape, c.Stages)
	if err != nil || c.Preset != "" || c.Stages != stages {
		return nil
	}
	for from := range stages {
		for next := graph.Next(from); next != 0; next = next.Rest() {
			edges = append(edges, [2]int{from, next.First()})
		}
	}
	return edges
}

// described are the edges between the stages of a graph.
func described(stages []report.StageConfig) (edges [][2]int) {
	for from, s := range stages {
		for _, next := range s.Next {
			if to := slices.IndexFunc(stages, func(t report.StageConfig) bool { return t.Name == next }); to >= 0 {
				edges = append(edges, [2]int{from, to})
			}
		}
	}
	return edges
}

// stageLines are the figures of a stage that runs know.
func (g group) stageLines(stage int) (lines [][2]string) {
	for _, f := range []struct {
		name string
		unit func(float64) string
		of   func(report.Stage) *float64
	}{
		{"service", report.Time, func(s report.Stage) *float64 { return s.Service }},
		{"wait", report.Time, func(s report.Stage) *float64 { return s.Wait }},
		{"batch", number, func(s report.Stage) *float64 { return &s.Batch }},
		{"depth", number, func(s report.Stage) *float64 { return s.Depth }},
		{"on CPU", report.Time, func(s report.Stage) *float64 { return s.OnCPU }},
		{"off CPU", report.Time, func(s report.Stage) *float64 { return s.OffCPU }},
		{"awake without CPU", report.Time, func(s report.Stage) *float64 { return s.RunDelay }},
	} {
		var sample []float64
		for _, r := range g.valid {
			if stage < len(r.Stages) {
				if v := f.of(r.Stages[stage]); v != nil {
					sample = append(sample, *v)
				}
			}
		}
		if len(sample) > 0 {
			lines = append(lines, [2]string{f.name, f.unit(report.QuartilesOf(sample).Median)})
		}
	}
	return lines
}
