//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/seda-go/seda/engine"
)

// report adds up what happened. What cycles count by themselves is written by one goroutine each.
type report struct {
	began                                                time.Time
	cycles, closed, rests                                int
	entered, completed, failed, expired, dropped, panics uint64
	refused, left                                        uint64
	plans, collections, squeezes, cpusets, stops         int
	answered, lostCalls, leftCalls                       uint64
	held                                                 []holding
}

// add adds the books of an engine that has ended.
func (p *report) add(s engine.Stats, c *calls, left int) {
	for _, st := range s.Stages {
		p.entered += st.Entered
		p.completed += st.Completed
		p.failed += st.Failed
		p.expired += st.Expired
		p.panics += st.Panics
		for _, in := range st.Inlets {
			p.refused += in.Refused
		}
		for _, ed := range st.Edges {
			p.dropped += ed.Dropped
		}
	}
	p.left += uint64(left)
	p.answered += c.answered.Load()
	p.lostCalls += c.lost.Load()
	p.leftCalls += c.left.Load()
}

func (p *report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	line("time\t%v", time.Since(p.began).Round(time.Second))
	line("cycles\t%d\tof them closed under load %d, rests in between %d", p.cycles, p.closed, p.rests)
	line("events\t%d\tcompleted %d, failed %d, expired %d, left by Close %d", p.entered, p.completed, p.failed, p.expired, p.left)
	line("refused\t%d\tdropped %d", p.refused, p.dropped)
	line("calls\t%d\tanswered %d, lost %d, given up %d", p.answered+p.lostCalls+p.leftCalls, p.answered, p.lostCalls, p.leftCalls)
	line("panics\t%d", p.panics)
	line("plans\t%d\tcollections %d, squeezes to a CPU %d, of them by cpuset %d, stops %d", p.plans, p.collections, p.squeezes, p.cpusets, p.stops)
	if len(p.held) > 0 {
		first, last := p.held[0], p.held[len(p.held)-1]
		for _, q := range quantities {
			line("%s\t%d\tat first %d, per cycle %+.2f", q.name, q.of(last)/q.unit, q.of(first)/q.unit, q.slope(p.held))
		}
	}
	return w.Flush()
}
