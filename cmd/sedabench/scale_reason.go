package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// worthExplaining is the part of what the workers could do from which on its loss is told.
const worthExplaining = 0.03

// whereItWent says in words why so many workers did not do so many times as much as one. A request takes n/X of workers' time; what that is more than with one
// worker went into handlers, into waiting for a CPU, into sleep, or between the handlers.
func (st *study) whereItWent(arch string, workers int) string {
	one, many := st.of(arch, 1), st.of(arch, workers)
	if len(one) == 0 || len(many) == 0 {
		return fmt.Sprintf("%s: too few runs count to say why.", report.Plural(workers, "worker"))
	}
	alone, together := 1e9/middleOf(one, goodput), 1e9*float64(workers)/middleOf(many, goodput)
	text := fmt.Sprintf("%s do %.2f times as much as one", report.Plural(workers, "worker"), float64(workers)*alone/together)
	more := together - alone
	if more < worthExplaining*alone {
		return text + "."
	}
	text += fmt.Sprintf(": a request takes %s of their time more than the %s it takes one", report.Time(more), report.Time(alone))
	if middleOf(one, onCPU) == 0 || middleOf(many, onCPU) == 0 {
		return text + "; where it goes, probes by stage would tell (sedabench doctor says why there are none)."
	}
	return text + ": " + strings.Join(shares(one, many, more, st.quota > 0), ", ") + "."
}

// shares says what each kind of time contributes, the most first. The kernel does not tell a thread that the quota stops from one that waits for others.
func shares(one, many []report.Run, more float64, quota bool) (texts []string) {
	waited := "runnable without a CPU, which somebody else had"
	if quota {
		waited = "runnable without a CPU, which the quota kept from it or somebody else had"
	}
	type part struct {
		what string
		ns   float64
	}
	grown := func(of func(report.Run) float64) float64 { return middleOf(many, of) - middleOf(one, of) }
	parts := []part{
		{"in handlers, for memory and lines that other cores have", grown(onCPU)},
		{waited, grown(runDelay)},
		{"asleep within handlers", grown(offCPU) - grown(runDelay)},
	}
	rest := more
	for _, p := range parts {
		rest -= p.ns
	}
	parts = append(parts, part{"between handlers, where batches are handed over and looked for", rest})
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(b.ns, a.ns) })
	for _, p := range parts {
		if p.ns > more/20 {
			texts = append(texts, fmt.Sprintf("%.0f %% %s", 100*p.ns/more, p.what))
		}
	}
	return texts
}

func middleOf(runs []report.Run, of func(report.Run) float64) float64 {
	return report.QuartilesOf(over(runs, of)).Median
}

// Of a request, in all stages; 0 where probes do not know.
func onCPU(r report.Run) float64 { return sumOf(r, func(s report.Stage) *float64 { return s.OnCPU }) }

func offCPU(r report.Run) float64 { return sumOf(r, func(s report.Stage) *float64 { return s.OffCPU }) }

func runDelay(r report.Run) float64 {
	return sumOf(r, func(s report.Stage) *float64 { return s.RunDelay })
}

func sumOf(r report.Run, of func(report.Stage) *float64) (sum float64) {
	for _, s := range r.Stages {
		if ns := of(s); ns != nil {
			sum += *ns
		}
	}
	return sum
}
