package plot

import (
	"fmt"
	"strings"
)

// Graph is boxes with lines of text, and arrows between them.
type Graph struct {
	Title string
	Nodes []Node
	Edges [][2]int // by index, from a node to a later one
}

// Node is a box.
type Node struct {
	Name  string
	Lines [][2]string // what, and how much
}

const (
	nodeWidth = 190.0
	gapX      = 40.0
	gapY      = 28.0
	rowHeight = 17.0
	head      = 26.0
	perLine   = 4 // boxes of a chain beside one another
)

// place is where the upper left corner of a box is.
type place struct{ x, y float64 }

// Inline returns the graph for a page that has the style sheet.
func (g Graph) Inline() string { return g.svg("", "") }

// File returns the graph as a file of its own.
func (g Graph) File() string {
	_, wide, high := g.layout()
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + g.svg(` xmlns="http://www.w3.org/2000/svg"`,
		fmt.Sprintf(`<style>%s</style><rect class="ground" width="%s" height="%s"/>`, Style, num(wide), num(high))) + "\n"
}

func (g Graph) svg(attributes, before string) string {
	places, wide, high := g.layout()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg%s class="graph" viewBox="0 0 %s %s" width="%s" role="img" aria-label="%s">%s`, attributes, num(wide), num(high), num(wide), escape(g.words()), before)
	for _, e := range g.Edges {
		b.WriteString(arrow(places[e[0]], places[e[1]], g.height()))
	}
	for i, n := range g.Nodes {
		n.draw(&b, places[i], g.height())
	}
	b.WriteString("</svg>")
	return b.String()
}

// words is what the picture says, for who does not see it.
func (g Graph) words() string {
	text := g.Title
	for _, n := range g.Nodes {
		text += "; " + n.Name
		for _, l := range n.Lines {
			text += ", " + l[0] + " " + l[1]
		}
	}
	return text
}

// height is that of every box.
func (g Graph) height() float64 {
	lines := 0
	for _, n := range g.Nodes {
		lines = max(lines, len(n.Lines))
	}
	return head + rowHeight*float64(lines) + 8
}

// layout puts nodes that others lead to right of those; a chain, and nodes without edges, begin a new line where one is full.
func (g Graph) layout() (places []place, wide, high float64) {
	depth, chain := g.depths()
	inColumn := map[int]int{}
	for i := range g.Nodes {
		column, line := depth[i], inColumn[depth[i]]
		inColumn[depth[i]]++
		if chain {
			column, line = i%perLine, i/perLine
		}
		p := place{8 + float64(column)*(nodeWidth+gapX), 8 + float64(line)*(g.height()+gapY)}
		places = append(places, p)
		wide, high = max(wide, p.x+nodeWidth+8), max(high, p.y+g.height()+8)
	}
	if len(g.Edges) > len(g.forward()) {
		high += gapY
	}
	return places, wide, high
}

// depths returns how many edges lead to each node on the longest way, and whether the nodes are one chain or have no edges at all.
func (g Graph) depths() (depth []int, chain bool) {
	depth, chain = make([]int, len(g.Nodes)), true
	forward := g.forward()
	for range g.Nodes { // as many edges as a way has at most
		for _, e := range forward {
			depth[e[1]] = max(depth[e[1]], depth[e[0]]+1)
		}
	}
	for _, e := range forward {
		chain = chain && e[1] == e[0]+1
	}
	return depth, chain
}

// forward returns the edges without those that lead back to a node on the way to them.
func (g Graph) forward() (edges [][2]int) {
	const (
		open = 1 + iota
		done
	)
	state := make([]int, len(g.Nodes))
	var visit func(node int)
	visit = func(node int) {
		state[node] = open
		for _, e := range g.Edges {
			if e[0] != node || state[e[1]] == open {
				continue
			}
			edges = append(edges, e)
			if state[e[1]] == 0 {
				visit(e[1])
			}
		}
		state[node] = done
	}
	for node := range g.Nodes {
		if state[node] == 0 {
			visit(node)
		}
	}
	return edges
}

// arrow leads from one box to another: beside it, on a line below, or back to it from below.
func arrow(from, to place, height float64) string {
	x, y := from.x+nodeWidth, from.y+height/2
	tip := place{to.x, to.y + height/2}
	if to.x > from.x {
		middle := x + gapX/2
		return fmt.Sprintf(`<path class="edge" d="M%s,%sH%sV%sH%s"/>`, num(x), num(y), num(middle), num(tip.y), num(tip.x-7)) + arrowHead(tip, "l-8,-4v8z")
	}
	x, y = from.x+nodeWidth/2, from.y+height
	if to.y <= from.y {
		below := y + gapY/2
		tip = place{to.x + nodeWidth/3, to.y + height}
		return fmt.Sprintf(`<path class="edge" d="M%s,%sV%sH%sV%s"/>`, num(x), num(y), num(below), num(tip.x), num(tip.y+7)) + arrowHead(tip, "l-4,8h8z")
	}
	tip = place{to.x + nodeWidth/2, to.y}
	return fmt.Sprintf(`<path class="edge" d="M%s,%sV%sH%sV%s"/>`, num(x), num(y), num(y+gapY/2), num(tip.x), num(tip.y-7)) + arrowHead(tip, "l-4,-8h8z")
}

func arrowHead(tip place, shape string) string {
	return fmt.Sprintf(`<path class="head" d="M%s,%s%s"/>`, num(tip.x), num(tip.y), shape)
}

func (n Node) draw(b *strings.Builder, p place, height float64) {
	fmt.Fprintf(b, `<g class="node"><rect x="%s" y="%s" width="%s" height="%s" rx="6"/>`, num(p.x), num(p.y), num(nodeWidth), num(height))
	fmt.Fprintf(b, `<text class="name" x="%s" y="%s">%s</text>`, num(p.x+10), num(p.y+18), escape(shortened(n.Name, 24)))
	for i, l := range n.Lines {
		y := p.y + head + rowHeight*float64(i) + 12
		fmt.Fprintf(b, `<text class="what" x="%s" y="%s">%s</text><text x="%s" y="%s" text-anchor="end">%s</text>`,
			num(p.x+10), num(y), escape(l[0]), num(p.x+nodeWidth-10), num(y), escape(l[1]))
	}
	b.WriteString("</g>")
}
