package engine

import (
	"strconv"
	"time"
)

// Metric describes one number of the engine, in the manner of package runtime/metrics: a path and a unit.
type Metric struct {
	Name string // such as "/stage/depth:events"
	Kind string // "counter": only grows while the engine runs; "gauge": a momentary value
	Help string // one sentence
}

// Sample is the value of a metric for one part of the engine.
type Sample struct {
	Metric
	Worker string // its index, for metrics of a worker
	Stage  string // for metrics of a stage, and of an inlet or edge of it
	Inlet  string
	Edge   string // the stage the edge leads to; a second edge to it has #2 added, and so on
	Value  float64
}

const (
	counter = "counter"
	gauge   = "gauge"
)

// row is a metric and where its value stands in the statistics of one kind of part.
type row[S any] struct {
	Metric
	value func(*S) float64
}

// The table of all metrics, by part.
var (
	engineRows = []row[Stats]{
		{Metric{"/engine/uptime:seconds", gauge, "Time since the engine was made."}, func(s *Stats) float64 { return s.Uptime.Seconds() }},
		{Metric{"/engine/plan:plans", counter, "Number of the plan published last."}, func(s *Stats) float64 { return float64(s.Plan) }},
		{Metric{"/engine/cold-wakes:wakes", counter, "Wake-ups that found every worker that could take the event asleep."}, func(s *Stats) float64 { return float64(s.ColdWakes) }},
	}
	controlRows = []row[ControlStats]{
		{Metric{"/control/ticks:looks", counter, "Times the control loop looked."}, func(c *ControlStats) float64 { return float64(c.Ticks) }},
		{Metric{"/control/decisions:changes", counter, "Changes the policy made."}, func(c *ControlStats) float64 { return float64(c.Decisions) }},
		{Metric{"/control/panics:decisions", counter, "Decisions lost because the policy panicked or left its goroutine."}, func(c *ControlStats) float64 { return float64(c.Panics) }},
		{Metric{"/control/refused:decisions", counter, "Decisions that could not be put in place."}, func(c *ControlStats) float64 { return float64(c.Refused) }},
		{Metric{"/control/late:decisions", counter, "Decisions that took more than 100 ms."}, func(c *ControlStats) float64 { return float64(c.Late) }},
	}
	workerRows = []row[WorkerStats]{
		{Metric{"/worker/cpu:id", gauge, "CPU the worker is pinned to, -1 for anywhere."}, func(w *WorkerStats) float64 { return float64(w.CPU) }},
		{Metric{"/worker/plan:plans", counter, "Number of the plan the worker acts on."}, func(w *WorkerStats) float64 { return float64(w.Plan) }},
		{Metric{"/worker/parks:sleeps", counter, "Times the worker slept."}, func(w *WorkerStats) float64 { return float64(w.Parks) }},
		{Metric{"/worker/asleep:seconds", gauge, "How long the worker has been without work, if it is asleep."}, func(w *WorkerStats) float64 { return w.Asleep.Seconds() }},
		{Metric{"/worker/busy:seconds", counter, "Time in handlers, those of blocking stages apart."}, func(w *WorkerStats) float64 { return w.Busy.Seconds() }},
		{Metric{"/worker/in-hand:seconds", gauge, "How long the batch the worker is running has been running."}, func(w *WorkerStats) float64 { return w.Since.Seconds() }},
		{Metric{"/worker/on-cpu:seconds", counter, "Time its thread was on a CPU, by probes."}, func(w *WorkerStats) float64 { return w.Thread.OnCPU.Seconds() }},
		{Metric{"/worker/blocked:seconds", counter, "Time its thread was asleep, by probes."}, func(w *WorkerStats) float64 { return w.Thread.Blocked.Seconds() }},
		{Metric{"/worker/run-queue:seconds", counter, "Time its thread was awake and waited for a CPU, by probes."}, func(w *WorkerStats) float64 { return w.Thread.RunQueue.Seconds() }},
		{Metric{"/worker/preempted:seconds", counter, "Time its thread waited since another one took its CPU, by probes."}, func(w *WorkerStats) float64 { return w.Thread.Preempted.Seconds() }},
		{Metric{"/worker/voluntary:switches", counter, "Times its thread went to sleep, by probes."}, func(w *WorkerStats) float64 { return float64(w.Thread.Voluntary) }},
		{Metric{"/worker/involuntary:switches", counter, "Times its thread lost its CPU, by probes."}, func(w *WorkerStats) float64 { return float64(w.Thread.Involuntary) }},
		{Metric{"/worker/migrations:moves", counter, "Times its thread went to another CPU, by probes."}, func(w *WorkerStats) float64 { return float64(w.Thread.Migrations) }},
		{Metric{"/worker/p-wait:seconds", counter, "Time from being woken to running that was no wait for a CPU, by probes."}, func(w *WorkerStats) float64 { return w.PWait.Seconds() }},
		{Metric{"/worker/lost:ratio", gauge, "Part of the time its thread wanted its CPU that others had it, by probes."}, func(w *WorkerStats) float64 { return w.Lost }},
		{Metric{"/worker/parked:seconds", counter, "Time without work that ended in sleep, and the sleep."}, func(w *WorkerStats) float64 { return w.Parked.Seconds() }},
	}
	stageRows = []row[StageStats]{
		{Metric{"/stage/entered:events", counter, "Events accepted from inlets and edges."}, func(s *StageStats) float64 { return float64(s.Entered) }},
		{Metric{"/stage/completed:events", counter, "Events whose handler returned without error."}, func(s *StageStats) float64 { return float64(s.Completed) }},
		{Metric{"/stage/failed:events", counter, "Events whose handler returned an error or panicked."}, func(s *StageStats) float64 { return float64(s.Failed) }},
		{Metric{"/stage/panics:calls", counter, "Calls of the handler, or of a periodic event, that panicked or left their goroutine."}, func(s *StageStats) float64 { return float64(s.Panics) }},
		{Metric{"/stage/batches:batches", counter, "Batches handled."}, func(s *StageStats) float64 { return float64(s.Batches) }},
		{Metric{"/stage/long:batches", counter, "Batches that kept a worker for more than 10 ms."}, func(s *StageStats) float64 { return float64(s.Long) }},
		{Metric{"/stage/direct:events", counter, "Events handed over by the stage before without waiting in a ring."}, func(s *StageStats) float64 { return float64(s.Direct) }},
		{Metric{"/stage/blocked:sleeps", counter, "Times the handler made a worker's thread sleep, as far as that can be told."}, func(s *StageStats) float64 { return float64(s.Blocked) }},
		{Metric{"/stage/stalls:looks", counter, "Looks that found an event claimed by a caller and not yet stored."}, func(s *StageStats) float64 { return float64(s.Stalls) }},
		{Metric{"/stage/batch-cap:events", gauge, "Events that a batch may have by the plan."}, func(s *StageStats) float64 { return float64(s.BatchCap) }},
		{Metric{"/stage/cores:workers", gauge, "Workers that serve the stage by the plan."}, func(s *StageStats) float64 { return float64(s.Cores) }},
		{Metric{"/stage/thread-cap:batches", gauge, "Batches that a blocking stage may have in its handler by the plan."}, func(s *StageStats) float64 { return float64(s.ThreadCap) }},
		{Metric{"/stage/depth:events", gauge, "Events in rings, in workers' hands, in debts and pending for later."}, func(s *StageStats) float64 { return float64(s.Depth) }},
		{Metric{"/stage/head-age:seconds", gauge, "How long the oldest event in the rings has waited."}, func(s *StageStats) float64 { return s.HeadAge.Seconds() }},
		{Metric{"/stage/busy:seconds", counter, "Time in the handler, all workers together."}, func(s *StageStats) float64 { return s.Busy.Seconds() }},
		{Metric{"/stage/on-cpu:seconds", counter, "Time of its batches on a CPU, by probes."}, func(s *StageStats) float64 { return s.Thread.OnCPU.Seconds() }},
		{Metric{"/stage/blocked:seconds", counter, "Time of its batches in which the thread was asleep, by probes."}, func(s *StageStats) float64 { return s.Thread.Blocked.Seconds() }},
		{Metric{"/stage/run-queue:seconds", counter, "Time of its batches in which the thread was awake and waited for a CPU, by probes."}, func(s *StageStats) float64 { return s.Thread.RunQueue.Seconds() }},
		{Metric{"/stage/preempted:seconds", counter, "Time of its batches in which the thread waited since another one took its CPU, by probes."}, func(s *StageStats) float64 { return s.Thread.Preempted.Seconds() }},
		{Metric{"/stage/voluntary:switches", counter, "Times the thread went to sleep in its batches, by probes."}, func(s *StageStats) float64 { return float64(s.Thread.Voluntary) }},
		{Metric{"/stage/involuntary:switches", counter, "Times the thread lost its CPU in its batches, by probes."}, func(s *StageStats) float64 { return float64(s.Thread.Involuntary) }},
		{Metric{"/stage/wait:seconds", counter, "Sum over batches of how long the oldest event had waited."}, func(s *StageStats) float64 { return s.Wait.Seconds() }},
	}
	inletRows = []row[InletStats]{
		{Metric{"/inlet/offered:events", counter, "Events offered while the engine was open."}, func(s *InletStats) float64 { return float64(s.Offered) }},
		{Metric{"/inlet/accepted:events", counter, "Events accepted."}, func(s *InletStats) float64 { return float64(s.Accepted) }},
		{Metric{"/inlet/refused:events", counter, "Events not accepted: full, refused, or given up waiting."}, func(s *InletStats) float64 { return float64(s.Refused) }},
		{Metric{"/inlet/limited:events", counter, "Events of those refused that the admission limit, or the stage's Admit, kept out."}, func(s *InletStats) float64 { return float64(s.Limited) }},
		{Metric{"/inlet/depth-limit:events", gauge, "Events that may wait by the admission limit, 0 for as many as fit."}, func(s *InletStats) float64 { return float64(s.Depth) }},
		{Metric{"/inlet/rate-limit:hertz", gauge, "Events that may come in a second by the admission limit, 0 for any number."}, func(s *InletStats) float64 { return s.Rate }},
		{Metric{"/inlet/waiting:calls", gauge, "Submit calls waiting for room."}, func(s *InletStats) float64 { return float64(s.Waiting) }},
	}
	edgeRows = []row[EdgeStats]{
		{Metric{"/edge/emitted:events", counter, "Events emitted by handlers that did not fail."}, func(s *EdgeStats) float64 { return float64(s.Emitted) }},
		{Metric{"/edge/entered:events", counter, "Events that entered the stage the edge leads to, or will."}, func(s *EdgeStats) float64 { return float64(s.Entered) }},
		{Metric{"/edge/dropped:events", counter, "Events discarded because that stage was full."}, func(s *EdgeStats) float64 { return float64(s.Dropped) }},
		{Metric{"/edge/owed:events", gauge, "Events that did not fit yet and are kept by workers."}, func(s *EdgeStats) float64 { return float64(s.Owed) }},
		{Metric{"/edge/pending:events", gauge, "Events that were emitted for later and have not been sent."}, func(s *EdgeStats) float64 { return float64(s.Pending) }},
	}
)

// Metrics returns the description of every metric. The names do not change within a major version.
func Metrics() (all []Metric) {
	all = describe(all, engineRows)
	all = describe(all, controlRows)
	all = describe(all, workerRows)
	all = describe(all, stageRows)
	all = describe(all, inletRows)
	return describe(all, edgeRows)
}

func describe[S any](all []Metric, rows []row[S]) []Metric {
	for _, r := range rows {
		all = append(all, r.Metric)
	}
	return all
}

// Samples returns every metric's value for every part of the engine: what an exporter of any format needs. Times are in seconds.
func (s Stats) Samples() (all []Sample) {
	all = read(all, engineRows, &s, Sample{})
	all = read(all, controlRows, &s.Control, Sample{})
	for i := range s.Workers {
		all = read(all, workerRows, &s.Workers[i], Sample{Worker: strconv.Itoa(i)})
	}
	for i := range s.Stages {
		st := &s.Stages[i]
		all = read(all, stageRows, st, Sample{Stage: st.Name})
		for k := range st.Inlets {
			all = read(all, inletRows, &st.Inlets[k], Sample{Stage: st.Name, Inlet: st.Inlets[k].Name})
		}
		for k, name := range edgeNames(st.Edges) {
			all = read(all, edgeRows, &st.Edges[k], Sample{Stage: st.Name, Edge: name})
		}
	}
	return all
}

// edgeNames tells the edges of a stage apart, also where a stage has a name like b#2.
func edgeNames(edges []EdgeStats) []string {
	names, taken := make([]string, len(edges)), map[string]bool{}
	for _, ed := range edges {
		taken[ed.To] = true
	}
	first := map[string]bool{}
	for k, ed := range edges {
		names[k] = ed.To
		for n := 2; first[ed.To] && taken[names[k]]; n++ {
			names[k] = ed.To + "#" + strconv.Itoa(n)
		}
		first[ed.To], taken[names[k]] = true, true
	}
	return names
}

func read[S any](all []Sample, rows []row[S], part *S, of Sample) []Sample {
	for _, r := range rows {
		of.Metric, of.Value = r.Metric, r.value(part)
		all = append(all, of)
	}
	return all
}

// MeanBatch returns the average number of events in a batch.
func (s StageStats) MeanBatch() float64 {
	if s.Batches == 0 {
		return 0
	}
	return float64(s.Completed+s.Failed) / float64(s.Batches)
}

// MeanService returns the average time in the handler per event.
func (s StageStats) MeanService() time.Duration {
	if n := s.Completed + s.Failed; n > 0 {
		return s.Busy / time.Duration(n)
	}
	return 0
}
