package main

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
)

// topView is what top prints: what happened between two readings.
type topView struct {
	Schema    string            `json:"schema"`
	Address   string            `json:"address"`
	Engine    string            `json:"engine"`
	State     engine.State      `json:"state"` // empty: the program has an engine that does not say
	Uptime    time.Duration     `json:"uptime_ns"`
	Interval  time.Duration     `json:"interval_ns"` // between the readings
	Plan      uint64            `json:"plan"`
	Made      uint64            `json:"decisions_made"` // since it was started
	Accepted  float64           `json:"accepted_per_s"` // by all inlets
	Refused   float64           `json:"refused_per_s"`
	Depth     int               `json:"depth"` // of all stages
	Stages    []topStage        `json:"stages"`
	Workers   []topWorker       `json:"workers"`
	Decisions []engine.Decision `json:"decisions"` // the last ones, the latest last
}

// topSchema names the form of what top -o json prints.
const topSchema = "sedabench-top/1"

// topStage is a stage between two readings.
type topStage struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"`
	Cores     int           `json:"cores"`
	Batch     float64       `json:"batch"` // mean
	BatchCap  int           `json:"batch_cap"`
	Threads   int           `json:"threads"` // of a blocking stage, and how many batches may be in its handler
	ThreadCap int           `json:"thread_cap"`
	Rate      float64       `json:"rate_per_s"` // events handled, failed ones too
	Depth     int           `json:"depth"`
	HeadAge   time.Duration `json:"head_age_ns"`
	Service   float64       `json:"service_ns"` // mean of an event
	Wait      float64       `json:"wait_ns"`    // mean over batches, of the oldest event
	Refused   float64       `json:"refused_per_s"`
	Expired   float64       `json:"expired_per_s"`
	Failed    float64       `json:"failed_per_s"`
	Dropped   float64       `json:"dropped_per_s"` // by edges that lead from it
}

// topWorker is a worker between two readings.
type topWorker struct {
	CPU    int           `json:"cpu"`    // -1: anywhere
	Busy   float64       `json:"busy"`   // part of the time in handlers
	Parked float64       `json:"parked"` // and without work, asleep in the end
	Parks  float64       `json:"parks_per_s"`
	Lost   float64       `json:"lost"` // as in engine.WorkerStats
	Stage  string        `json:"stage"`
	Since  time.Duration `json:"since_ns"`
}

// topOf compares two readings. Those of two engines, since the program was started anew, are not comparable: then it is all since the start of the new one.
func topOf(address string, before, now reading) topView {
	if now.anew(before) {
		before = reading{}
	}
	took := max(now.Uptime-before.Uptime, 1)
	v := topView{
		Schema: topSchema, Address: address, Engine: now.Engine, State: now.State, Uptime: now.Uptime, Interval: took, Plan: now.Plan, Made: now.Control.Decisions,
		Decisions: append([]engine.Decision{}, now.decisions...), Stages: []topStage{}, Workers: []topWorker{},
	}
	for _, st := range now.Stages {
		old := before.Stage(st.Name)
		s := topStageOf(old, st, took)
		v.Depth += s.Depth
		v.Refused += s.Refused
		v.Accepted += perSecond(accepted(old), accepted(st), took)
		v.Stages = append(v.Stages, s)
	}
	for i, w := range now.Workers {
		var old engine.WorkerStats
		if i < len(before.Workers) {
			old = before.Workers[i]
		}
		v.Workers = append(v.Workers, topWorkerOf(old, w, took))
	}
	return v
}

// anew reports whether a reading is of an engine that was made since the one before.
func (r reading) anew(before reading) bool {
	return r.Engine != before.Engine || r.Uptime <= max(before.Uptime, r.at.Sub(before.at))
}

func topStageOf(old, now engine.StageStats, took time.Duration) topStage {
	handled := growth(old.Completed+old.Failed, now.Completed+now.Failed)
	batches := growth(old.Batches, now.Batches)
	return topStage{
		Name: now.Name, Kind: now.Kind, Cores: now.Cores, BatchCap: now.BatchCap, Depth: now.Depth, HeadAge: now.HeadAge,
		Threads: now.Threads, ThreadCap: now.ThreadCap,
		Rate:    handled / took.Seconds(),
		Batch:   handled / max(batches, 1),
		Service: float64(now.Busy-old.Busy) / max(handled, 1),
		Wait:    float64(now.Wait-old.Wait) / max(batches, 1),
		Refused: perSecond(refused(old), refused(now), took),
		Expired: perSecond(old.Expired, now.Expired, took),
		Failed:  perSecond(old.Failed, now.Failed, took),
		Dropped: perSecond(dropped(old), dropped(now), took),
	}
}

// topWorkerOf counts the batch in hand too, which is in no sum until it ends.
func topWorkerOf(old, now engine.WorkerStats, took time.Duration) topWorker {
	part := func(d time.Duration) float64 { return min(max(d.Seconds()/took.Seconds(), 0), 1) }
	return topWorker{
		CPU: now.CPU, Stage: now.Stage, Since: now.Since, Lost: now.Lost,
		Busy:   part(now.Busy + now.Since - old.Busy - old.Since),
		Parked: part(now.Parked + now.Asleep - old.Parked - old.Asleep),
		Parks:  perSecond(old.Parks, now.Parks, took),
	}
}

// growth of a counter; readings of an engine that runs may disagree a little.
func growth(old, now uint64) float64 { return float64(max(now, old) - old) }

func perSecond(old, now uint64, took time.Duration) float64 { return growth(old, now) / took.Seconds() }

func accepted(st engine.StageStats) (n uint64) {
	for _, in := range st.Inlets {
		n += in.Accepted
	}
	return n
}

func refused(st engine.StageStats) (n uint64) {
	for _, in := range st.Inlets {
		n += in.Refused
	}
	return n
}

func dropped(st engine.StageStats) (n uint64) {
	for _, ed := range st.Edges {
		n += ed.Dropped
	}
	return n
}

// topSorts are the orders of stages, the most first.
var topSorts = []struct {
	name string
	by   func(s topStage) float64
}{
	{"graph", func(topStage) float64 { return 0 }},
	{"rate", func(s topStage) float64 { return s.Rate }},
	{"time in handlers", func(s topStage) float64 { return s.Rate * s.Service }},
	{"depth", func(s topStage) float64 { return float64(s.Depth) }},
	{"head age", func(s topStage) float64 { return float64(s.HeadAge) }},
}

// sorted returns v with stages in another order.
func (v topView) sorted(order int) topView {
	by := topSorts[order].by
	v.Stages = slices.SortedStableFunc(slices.Values(v.Stages), func(a, b topStage) int { return cmp.Compare(by(b), by(a)) })
	return v
}

func (v topView) writeJSON(w io.Writer) error {
	return report.WriteObject(w, v)
}
