package engine

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/seda-go/seda/engine/internal/label"
)

// WriteDOT writes the graph in the DOT language of Graphviz, with the numbers of this reading: stages, the inlets and edges that lead to them,
// and the workers, each with a dotted line to the stage whose batch it is running. Edges that do not block are dashed, those that drop
// or owe events red. "dot -Tsvg" makes a picture of it. Before Start there are no stages to be seen.
func (s Stats) WriteDOT(w io.Writer) error {
	var d dot
	d.line("digraph engine {")
	d.line("\trankdir=LR; labelloc=t; label=%s;", quote(s.Engine, fmt.Sprintf("up %v, plan %d, %d cold wake-ups", label.Short(s.Uptime), s.Plan, s.ColdWakes)))
	d.line("\tnode [shape=box, fontsize=10]; edge [fontsize=9];")
	ids := map[string]string{}
	for i, st := range s.Stages {
		ids[st.Name] = fmt.Sprintf("stage%d", i)
	}
	for _, st := range s.Stages {
		d.stage(st, ids)
	}
	for i, ws := range s.Workers {
		d.worker(i, ws, ids)
	}
	d.line("}")
	_, err := w.Write(d.Bytes())
	return err
}

// dot is a graph being written.
type dot struct{ bytes.Buffer }

func (d *dot) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

func (d *dot) stage(st StageStats, ids map[string]string) {
	id := ids[st.Name]
	lines := []string{
		st.Name, st.Kind,
		fmt.Sprintf("%d waiting, the oldest for %v", st.Depth, label.Short(st.HeadAge)),
		fmt.Sprintf("%d completed", st.Completed) + label.Some(st.Failed, "failed") + label.Some(st.Expired, "expired") + label.Some(st.Direct, "direct") + label.Some(uint64(st.Threads), "threads"),
		fmt.Sprintf("%.1f a batch, %v an event", st.MeanBatch(), label.Short(st.MeanService())) + label.Some(st.Long, "batches long") + label.Some(st.Blocked, "times blocked"),
	}
	d.line("\t%s [style=rounded, label=%s];", id, quote(lines...))
	for i, in := range st.Inlets {
		label := quote(in.Name, fmt.Sprintf("%d accepted", in.Accepted)+label.Some(in.Refused, "refused")+label.Some(uint64(in.Waiting), "calls waiting"))
		d.line("\t%s_in%d [shape=cds, label=%s]; %[1]s_in%[2]d -> %[1]s;", id, i, label)
	}
	for _, ed := range st.Edges {
		d.edge(id, ids[ed.To], ed)
	}
}

func (d *dot) edge(from, to string, ed EdgeStats) {
	kind, style := ed.Full.String(), "dashed"
	switch {
	case ed.Failure:
		kind = "failures"
	case ed.Timed:
		kind = "timed"
	case ed.Full == Block:
		style = "solid"
	}
	numbers := fmt.Sprintf("%d entered", ed.Entered) + label.Some(ed.Dropped, "dropped") + label.Some(uint64(ed.Owed), "owed") + label.Some(uint64(ed.Pending), "for later")
	title := quote(kind, numbers)
	if ed.Dropped > 0 || ed.Owed > 0 {
		style += ", color=red"
	}
	d.line("\t%s -> %s [style=%s, label=%s];", from, to, style, title)
}

func (d *dot) worker(i int, ws WorkerStats, ids map[string]string) {
	place := "unpinned"
	if ws.CPU >= 0 {
		place = fmt.Sprintf("CPU %d", ws.CPU)
	}
	slept := fmt.Sprintf("slept %d times, %v in all", ws.Parks, label.Short(ws.Parked))
	d.line("\tworker%d [shape=ellipse, label=%s];", i, quote(fmt.Sprintf("worker %d", i), place, slept))
	if ws.Stage != "" {
		d.line("\tworker%d -> %s [style=dotted, arrowhead=none, label=%s];", i, ids[ws.Stage], quote(fmt.Sprint("for ", label.Short(ws.Since))))
	}
}

// quote returns the lines as a DOT string that shows them as they are. Inside one, a backslash begins an escape and an ampersand an
// HTML entity.
func quote(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, line := range lines {
		if i > 0 {
			b.WriteString(`\n`)
		}
		for _, r := range line { // what is not UTF-8 comes out as U+FFFD
			switch {
			case r == '"', r == '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r == '&':
				b.WriteString("&amp;")
			case r == '\n':
				b.WriteString(`\n`)
			case unicode.IsControl(r):
				b.WriteByte(' ')
			default:
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
