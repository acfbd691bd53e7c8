package debug

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/internal/label"
)

// style has a dark variant, for who prefers that.
const style = `:root { color-scheme: light dark } text { font: 11px sans-serif; fill: #222 } .name { font-weight: bold; font-size: 12px } .faint { fill: #666 }
.box { fill: #f4f6fa; stroke: #7a8aa8 } .busy { fill: #e3f1e1; stroke: #3c8d40; stroke-width: 2 }
.edge { fill: none; stroke: #7a8aa8 } .lossy { stroke-dasharray: 5 3 } .hurt { stroke: #c0392b } .hurt-text { fill: #c0392b } .tip { fill: #7a8aa8 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .faint { fill: #aaa } .box { fill: #20262f; stroke: #6b7a94 } .busy { fill: #1d3320; stroke: #5fb563 }
.hurt { stroke: #ff7966 } .hurt-text { fill: #ff7966 } }
`

// WriteSVG draws the graph with the numbers of a reading: stages with their inlets, from left to right, edges, and the workers below. A
// stage that a worker runs a batch of is green; edges that do not block are dashed; what drops, owes, refuses or fails is red.
func WriteSVG(w io.Writer, s engine.Stats) error {
	var p picture
	labels, heights, busy := make([][]text, len(s.Stages)), make([]int, len(s.Stages)), map[string]bool{}
	for i, st := range s.Stages {
		labels[i] = stageText(st)
		heights[i] = boxHeight(labels[i])
	}
	for _, ws := range s.Workers {
		busy[ws.Stage] = true
	}
	l := arrange(s.Stages, heights)
	bottom := top + l.height
	for _, n := range l.lines {
		if n.back {
			bottom += lineSize
		}
		p.edge(n, bottom)
	}
	for _, column := range l.columns {
		for _, c := range column {
			if c.stage >= 0 {
				p.box(c.x, c.y, busy[s.Stages[c.stage].Name], labels[c.stage])
			}
		}
	}
	width, bottom := p.workers(s.Workers, max(l.width, 3*boxWidth), bottom+2*margin)
	name := s.Engine
	if s.State != engine.StateRunning && s.State != "" {
		name += ", " + string(s.State)
	}
	head := fmt.Sprintf("%s, up %v, plan %d, decisions %d, cold wake-ups %d", name, label.Short(s.Uptime), s.Plan, s.Control.Decisions, s.ColdWakes)
	p.text(margin, margin, text{line: head, class: "name"}, 0)
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">
<title>%s</title>
<style>%s</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
%s</svg>
`, width+2*margin, bottom+margin, escape(s.Engine), style, p.String())
	return err
}

// text is a line of text; class is one of the style, or empty.
type text struct{ line, class string }

// picture is what is drawn so far.
type picture struct{ bytes.Buffer }

func (p *picture) draw(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// text draws a line, cut to a number of characters if that is not 0: the whole of it is shown where the pointer rests.
func (p *picture) text(x, y int, t text, most int) {
	shown, whole := t.line, ""
	if most > 0 && utf8.RuneCountInString(shown) > most {
		shown, whole = string([]rune(shown)[:most-1])+"…", "<title>"+escape(t.line)+"</title>"
	}
	p.draw(`<text x="%d" y="%d" class="%s">%s%s</text>`, x, y, t.class, whole, escape(shown))
}

func boxHeight(lines []text) int { return len(lines)*lineSize + 10 }

func (p *picture) box(x, y int, busy bool, lines []text) {
	class := "box"
	if busy {
		class += " busy"
	}
	p.draw(`<rect x="%d" y="%d" width="%d" height="%d" rx="6" class="%s"/>`, x, y, boxWidth, boxHeight(lines), class)
	for i, t := range lines {
		p.text(x+10, y+lineSize*(i+1)+2, t, 34)
	}
}

// stageText is what stands in a stage's box.
func stageText(st engine.StageStats) []text {
	trouble := label.Some(st.Failed, "failed") + label.Some(st.Expired, "expired") + label.Some(st.Long, "long")
	all := []text{
		{st.Name, "name"},
		{fmt.Sprintf("%s, cores %d, batch %.1f of %d", st.Kind, st.Cores, st.MeanBatch(), st.BatchCap), "faint"},
		{fmt.Sprintf("%d waiting, the oldest %v", st.Depth, label.Short(st.HeadAge)), ""},
		{fmt.Sprintf("%d done, %v each", st.Completed, label.Short(st.MeanService())), ""},
	}
	if trouble != "" {
		all = append(all, text{strings.TrimPrefix(trouble, ", "), "hurt-text"})
	}
	for _, in := range st.Inlets {
		if in.Offered == 0 && in.Waiting == 0 {
			continue // every stage has one, and most are fed by edges
		}
		t := text{fmt.Sprintf("%s: %d in", in.Name, in.Accepted) + label.Some(in.Refused, "refused") + label.Some(uint64(in.Waiting), "wait"), "faint"}
		if in.Refused > 0 {
			t.class = "hurt-text"
		}
		all = append(all, t)
	}
	return all
}

// edge draws a line, through the cells it passes, or, if it leads back, below everything, at the given height.
func (p *picture) edge(n *line, bottom int) {
	class, kind := "edge", n.of.Full.String()
	switch {
	case n.of.Failure:
		kind = "failures"
	case n.of.Timed:
		kind = "timed"
	}
	if n.of.Failure || n.of.Timed || n.of.Full != engine.Block {
		class += " lossy"
	}
	t := text{kind + fmt.Sprintf(": %d", n.of.Entered) + label.Some(n.of.Dropped, "dropped") + label.Some(uint64(n.of.Owed), "owed") + label.Some(uint64(n.of.Pending), "later"), "faint"}
	if n.of.Dropped > 0 || n.of.Owed > 0 {
		class, t.class = class+" hurt", "hurt-text"
	}
	x, y := n.from.x+boxWidth, n.port
	path := fmt.Sprintf("M%d %d", x, y)
	to := func(nx, ny int) {
		bend := (nx - x) / 2
		path += fmt.Sprintf(" C%d %d %d %d %d %d", x+bend, y, nx-bend, ny, nx, ny)
		x, y = nx, ny
	}
	if n.back {
		left := n.to.x - margin/2
		path += fmt.Sprintf(" h%d V%d H%d V%d H%d", margin/2, bottom, left, n.to.middle(), n.to.x)
	} else {
		for _, c := range n.via {
			to(c.x, c.middle())
			path += fmt.Sprintf(" h%d", boxWidth)
			x += boxWidth
		}
		to(n.to.x, n.to.middle())
	}
	p.draw(`<path class="%s" d="%s" marker-end="url(#tip)"/>`, class, path)
	p.text(n.from.x+boxWidth+margin/2+3, n.port-4, t, 28)
}

// workers draws a box for each, in rows of a width, and returns how far they and what is above reach.
func (p *picture) workers(all []engine.WorkerStats, width, y int) (right, bottom int) {
	x := margin
	bottom = y - margin
	for i, ws := range all {
		if x+boxWidth > margin+width {
			x, y = margin, bottom+lineSize
		}
		place, does := "anywhere", "between batches"
		if ws.CPU >= 0 {
			place = fmt.Sprintf("CPU %d", ws.CPU)
		}
		switch {
		case ws.Stage != "":
			does = fmt.Sprintf("%s for %v", ws.Stage, label.Short(ws.Since))
		case ws.Asleep > 0:
			does = fmt.Sprintf("asleep for %v", label.Short(ws.Asleep))
		}
		lines := []text{
			{fmt.Sprintf("worker %d, %s", i, place), "name"},
			{does, ""},
			{fmt.Sprintf("in handlers %v, slept %d times", label.Short(ws.Busy), ws.Parks), "faint"},
		}
		p.box(x, y, ws.Stage != "", lines)
		x, bottom = x+boxWidth+lineSize, y+boxHeight(lines)
	}
	return width, bottom
}

// escape also replaces what XML does not allow, such as control characters.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
