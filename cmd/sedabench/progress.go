package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progress tells on standard error how far the runs are: as a bar that is
// drawn over itself where that is a terminal, else by a line now and then.
type progress struct {
	w     io.Writer
	bar   bool
	total time.Duration
	more  bool // there may be more to do than the total
	done  time.Duration
	wide  int // columns of the bar's last drawing
}

func newProgress(w io.Writer, total time.Duration) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, bar: ok && term.IsTerminal(int(f.Fd())), total: total}
}

// doing says what begins.
func (p *progress) doing(what string) {
	if p.bar {
		p.draw(what)
	}
}

// did says that so much of the total is done.
func (p *progress) did(d time.Duration) { p.done = min(p.done+d, p.total) }

// line says that something is complete, where there is no bar.
func (p *progress) line(what string) {
	if !p.bar {
		about := "about"
		if p.more {
			about = "at least"
		}
		fmt.Fprintf(p.w, "%s, %s %s left\n", what, about, p.left())
	}
}

// end removes the bar.
func (p *progress) end() {
	if p.bar {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.wide))
	}
}

func (p *progress) left() time.Duration { return (p.total - p.done).Round(time.Second) }

func (p *progress) draw(what string) {
	const cells = 30
	full := cells
	if p.total > 0 {
		full = int(cells * p.done / p.total)
	}
	text := fmt.Sprintf("[%s%s] %s left  %s", strings.Repeat("#", full), strings.Repeat(".", cells-full), p.left(), what)
	blank := max(p.wide-len(text), 0)
	fmt.Fprintf(p.w, "\r%s%s", text, strings.Repeat(" ", blank))
	p.wide = len(text)
}
