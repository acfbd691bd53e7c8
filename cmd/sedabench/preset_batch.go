package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/trial"
)

// How long a policy has to find a batch, and how near to the best it has to come; what of the load of single requests its delay is compared at.
const (
	batchFound = 2 * time.Second
	batchPart  = 0.97
	lightPart  = 0.3
	batchP99   = 1.1
)

// askBatch runs each model of a stage with fixed batches and with each policy: saturated, from a cold start and after a change, and lightly loaded.
func askBatch(ctx context.Context, a *asking) error {
	for _, m := range trial.BatchModels() {
		s := a.sheet(fmt.Sprintf("Batches of a stage where each takes %s and a request %s (%s)", m.Cost.Fixed, m.Service, m.Name),
			column{name: "goodput/s", unit: report.Count},
			column{name: "of the best", unit: part, bound: bound(batchPart), least: true},
			column{name: "found after", unit: report.Time, bound: bound(float64(batchFound))},
			column{name: "mean batch", unit: whole},
			column{name: "p99 at 0.3x", unit: report.Time},
			column{name: "of batch 1", unit: part, bound: bound(batchP99)})
		if m.Name == "a50c1" {
			s.ours = nil // the best is beyond the quantum, which a policy may keep
		}
		if err := a.askModel(ctx, m, s); err != nil {
			return err
		}
	}
	return a.askBatchChange(ctx)
}

// search is how long a policy may look for a batch: with the default duration as long as it may at most.
func (a *asking) search() time.Duration { return 10 * a.duration }

func bound(x float64) *float64 { return &x }

func (a *asking) askModel(ctx context.Context, m trial.BatchModel, s *sheet) error {
	var entries []entry
	for _, b := range trial.FixedBatches() {
		entries = append(entries, a.saturated(s, m, fixedRow(b), "serve-all", b), a.light(s, m, fixedRow(b), "serve-all", b))
	}
	if err := a.repeat(ctx, entries); err != nil {
		return err
	}
	best, rate := bestFixed(s)
	entries = nil
	for _, policy := range a.searching() {
		entries = append(entries, a.searched(s, m, policy, rate), a.light(s, m, policy, policy, trial.MostBatch))
	}
	if err := a.repeat(ctx, entries); err != nil {
		return err
	}
	s.title += fmt.Sprintf(", best fixed: %d", best)
	for _, row := range s.rows {
		if row != fixedRow(1) {
			s.compare(row, "p99 at 0.3x", "of batch 1", s.median(fixedRow(1), "p99 at 0.3x"))
		}
		s.compare(row, "goodput/s", "of the best", rate)
	}
	return nil
}

// compare adds to a row what is in one column as parts of a whole, if that is known.
func (s *sheet) compare(row, from, to string, whole float64) {
	if !(whole > 0) {
		return
	}
	for _, v := range s.values[[2]string{row, from}] {
		s.put(row, to, v/whole)
	}
}

func fixedRow(b int) string { return fmt.Sprintf("fixed %d", b) }

// searching are the policies, without those that leave batches alone: these are the row of the largest fixed batch.
func (a *asking) searching() (names []string) {
	for _, p := range a.policies {
		if p != "serve-all" && p != "static" {
			names = append(names, p)
		}
	}
	if len(names) == 0 {
		return []string{staged.DefaultPolicy()}
	}
	return names
}

// bestFixed returns the fixed batch with the highest goodput, and that.
func bestFixed(s *sheet) (best int, rate float64) {
	for _, b := range trial.FixedBatches() {
		if v := s.median(fixedRow(b), "goodput/s"); v > rate {
			best, rate = b, v
		}
	}
	return best, rate
}

func (a *asking) saturated(s *sheet, m trial.BatchModel, row, policy string, most int) entry {
	c := a.timed(m.Saturated(a.place, policy, most))
	return entry{s, row, c, func(o trial.Outcome) {
		s.put(row, "goodput/s", trial.DoneRate(o, c.Slice, c.Warmup, c.Warmup+c.Duration))
		s.put(row, "mean batch", o.Batches[0])
	}}
}

func (a *asking) light(s *sheet, m trial.BatchModel, row, policy string, most int) entry {
	return entry{s, row, a.timed(m.At(a.place, lightPart, policy, most)), func(o trial.Outcome) {
		s.put(row, "p99 at 0.3x", float64(o.Sojourn.ValueAtQuantile(99)))
	}}
}

// searched is a run from a cold start, long enough to find the best; goodput is that of the time after.
func (a *asking) searched(s *sheet, m trial.BatchModel, policy string, rate float64) entry {
	c := m.Saturated(a.place, policy, trial.MostBatch)
	c.Duration = a.search() + a.duration
	return entry{s, policy, c, func(o trial.Outcome) {
		if at, ok := trial.Found(o, c.Slice, 0, batchPart, rate); ok && rate > 0 {
			s.put(policy, "found after", float64(at))
		}
		s.put(policy, "goodput/s", trial.DoneRate(o, c.Slice, a.search(), c.Duration))
		s.put(policy, "mean batch", o.Batches[0])
	}}
}

// askBatchChange has the costs of batches change from those of the first model to those of the one with a knee.
func (a *asking) askBatchChange(ctx context.Context) error {
	from, err := trial.FindBatchModel("a5c0.5")
	if err != nil {
		return err
	}
	to, err := trial.FindBatchModel("knee32")
	if err != nil {
		return err
	}
	s := a.sheet(fmt.Sprintf("Batches after a change, from %s to %s", from.Name, to.Name),
		column{name: "goodput/s", unit: report.Count},
		column{name: "of the best", unit: part, bound: bound(batchPart), least: true},
		column{name: "found after", unit: report.Time, bound: bound(float64(batchFound))},
		column{name: "mean batch", unit: whole})
	var entries []entry
	for _, b := range trial.FixedBatches() {
		entries = append(entries, a.saturated(s, to, fixedRow(b), "serve-all", b))
	}
	if err := a.repeat(ctx, entries); err != nil {
		return err
	}
	best, rate := bestFixed(s)
	s.title += fmt.Sprintf(", best fixed then: %d", best)
	entries = nil
	for _, policy := range a.searching() {
		c := from.Saturated(a.place, policy, trial.MostBatch)
		c.Change, c.Then = 2*a.duration, to.Cost
		c.Duration = c.Change + a.search() + a.duration
		entries = append(entries, entry{s, policy, c, func(o trial.Outcome) {
			if at, ok := trial.Found(o, c.Slice, c.Change, batchPart, rate); ok && rate > 0 {
				s.put(policy, "found after", float64(at))
			}
			s.put(policy, "goodput/s", trial.DoneRate(o, c.Slice, c.Change+a.search(), c.Duration))
		}})
	}
	if err := a.repeat(ctx, entries); err != nil {
		return err
	}
	for _, row := range slices.Clone(s.rows) {
		s.compare(row, "goodput/s", "of the best", rate)
	}
	return nil
}
