package sched

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Policy decides, again and again. The engine, or a simulation, calls Decide every few milliseconds from one goroutine at a time, while anything
// runs, with what is known and with a draft that is the plan that holds; what the policy sets in the draft is published. A policy is
// deterministic: the same snapshots give the same decisions, which is how a record is replayed.
//
// A policy that panics, or drafts what Plan.Check refuses, or another assignment while the Snapshot is not Settled, loses that decision only, and all
// of it: the last plan stays.
type Policy interface {
	Decide(s *Snapshot, d *Draft)
}

// Maker makes a policy for a system.
type Maker func(y *System) (Policy, error)

// Laws are policies that decide one after the other, each about something else: the later one sees what the earlier one drafted.
type Laws []Policy

// Decide lets each law decide.
func (l Laws) Decide(s *Snapshot, d *Draft) {
	for _, law := range l {
		law.Decide(s, d)
	}
}

// Change is one thing that a policy decided, and why.
type Change struct {
	What string `json:"what"` // "cores", "batch", "threads" or "admit"
	Of   string `json:"of"`   // the stage or the source
	From string `json:"from"`
	To   string `json:"to"`
	Why  string `json:"why"` // in words, with the numbers that decided
}

// Draft is a plan in the making. Setters note what changed, and why; setting what already holds changes nothing.
type Draft struct {
	Plan    Plan // what holds, with the changes so far. Read it; write by the setters
	Changes []Change
	Moved   bool  // Serve was set: workers have to take notice
	Next    int64 // ns until the policy wants to decide again; 0: as usual

	y *System
}

// NewDraft returns a draft of a plan for y that holds.
func NewDraft(y *System, p Plan) *Draft {
	d := &Draft{y: y}
	d.Reset(p)
	return d
}

// Reset makes d the draft of a plan that holds, which it copies except for Serve; d is then as new.
func (d *Draft) Reset(p Plan) {
	d.Plan.Epoch, d.Plan.Serve = p.Epoch, p.Serve
	d.Plan.Batch = resized(d.Plan.Batch, p.Batch, len(d.y.Stages))
	d.Plan.Threads = resized(d.Plan.Threads, p.Threads, len(d.y.Stages))
	d.Plan.Admit = resized(d.Plan.Admit, p.Admit, len(d.y.Sources))
	d.Changes, d.Moved, d.Next = d.Changes[:0], false, 0
}

// resized returns a slice of n values, those of from first, in the memory of old.
func resized[T any](old, from []T, n int) []T {
	old = slices.Grow(old[:0], n)[:n]
	clear(old[copy(old, from):])
	return old
}

// Wait asks to decide again after ns, or earlier if somebody else wants that.
func (d *Draft) Wait(ns int64) {
	if d.Next == 0 || ns < d.Next {
		d.Next = ns
	}
}

// SetServe assigns stages to workers, as in Plan.Serve, which the plan keeps.
func (d *Draft) SetServe(serve [][]int, why string) {
	if slices.EqualFunc(d.Plan.Serve, serve, slices.Equal[[]int]) {
		return
	}
	d.note("cores", "workers", serveText(d.Plan.Serve), serveText(serve), why)
	d.Plan.Serve, d.Moved = serve, true
}

// SetBatch sets the most events of a batch; 0: the stage's MaxBatch.
func (d *Draft) SetBatch(stage, most int, why string) {
	if old := d.Plan.Batch[stage]; old != most {
		d.Plan.Batch[stage] = most
		d.note("batch", d.y.Stages[stage].Name, strconv.Itoa(old), strconv.Itoa(most), why)
	}
}

// SetThreads sets how many batches of a blocking stage may be in the handler; 0: as many as the stage allows.
func (d *Draft) SetThreads(stage, most int, why string) {
	if old := d.Plan.Threads[stage]; old != most {
		d.Plan.Threads[stage] = most
		d.note("threads", d.y.Stages[stage].Name, strconv.Itoa(old), strconv.Itoa(most), why)
	}
}

// SetLimit sets what a source may bring in.
func (d *Draft) SetLimit(source int, l Limit, why string) {
	if old := d.Plan.Admit[source]; old != l {
		d.Plan.Admit[source] = l
		d.note("admit", d.y.Sources[source].Name, old.String(), l.String(), why)
	}
}

func (d *Draft) note(what, of, from, to, why string) {
	d.Changes = append(d.Changes, Change{what, of, from, to, why})
}

// serveText writes the stages of each worker, as in "0,1 | 2 | 2".
func serveText(serve [][]int) string {
	var workers []string
	for _, list := range serve {
		var stages []string
		for _, s := range list {
			stages = append(stages, fmt.Sprint(s))
		}
		workers = append(workers, strings.Join(stages, ","))
	}
	return strings.Join(workers, " | ")
}
