package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/queueing"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

const (
	machineBound = 0.10
	// machineLoad leaves a mean over some thousands of requests an error of one or two percent; near saturation it takes millions.
	machineLoad  = 0.5
	selftestWarm = 50 * time.Millisecond
)

// selftestServices take long enough that reading clocks does not show. Workers do not sleep: on a virtual machine waking one takes some ten
// microseconds, of which this queue's theory knows nothing.
func selftestServices() []string {
	return []string{"constant:100us", "exp:100us", "bimodal:50us,550us,0.1"}
}

// real measures one stage on one worker of this machine.
func (s *selftest) real(ctx context.Context) error {
	defer s.progress.end()
	s.before = s.host.usage()
	if !s.host.hasGenerator(1) {
		s.notes = append(s.notes, "Nothing was measured on this machine: it has one CPU, and none is left for the load generator.")
		return nil
	}
	graph, err := workload.NewGraph("pipeline", 1)
	if err != nil {
		return err
	}
	place := trial.Place{
		CPUs: s.host.placed(1), Workers: 1, Spin: workload.Calibrate(), Park: s.host.limits.Quota > 0, Awake: true, Log: slog.New(slog.DiscardHandler),
	}
	for _, text := range selftestServices() {
		service, err := workload.ParseService(text)
		if err != nil {
			return err
		}
		c := trial.Config{
			Place: place, Graph: graph, Service: service, Arrival: load.Poisson, Rate: machineLoad * 1e9 / service.Mean(), Warmup: selftestWarm,
			Duration: s.duration, Policy: "static", Capacity: 1 << 14, TraceAll: true,
		}
		if err := s.measure(ctx, c, text); err != nil {
			return err
		}
	}
	stolen, foreign := s.host.usage().since(s.before, s.host.describe().CPUs)
	s.notes = append(s.notes, disturbance(report.File{Machine: report.Machine{Steal: stolen, Foreign: foreign}})...)
	return nil
}

// queued is what runs of one kind of service found, and what theory says of each, fed with the run's own rate and service times.
type queued struct{ found, theory, loads, services, variations []float64 }

// measure repeats a run and adds the medians of what came of it: if it ends early, of what there is.
func (s *selftest) measure(ctx context.Context, c trial.Config, name string) error {
	var q queued
	err := s.repeat(ctx, c, name, &q)
	if err == nil || len(q.found) > 0 {
		s.checks = append(s.checks, q.check(name))
	}
	return err
}

func (s *selftest) repeat(ctx context.Context, c trial.Config, name string, q *queued) error {
	for rep := range s.reps {
		s.progress.doing(fmt.Sprintf("%s, run %d of %d", name, rep+1, s.reps))
		c.Seed = load.Seed(s.seed, rep)
		o, err := trial.Run(ctx, c)
		if err != nil {
			return fmt.Errorf("selftest, %s: %w", name, err)
		}
		s.progress.did(c.Warmup + c.Duration + between)
		if o.Counts(c) && o.Window.Refused == 0 {
			q.add(o)
		}
	}
	s.progress.line(name + ": done")
	return nil
}

func (q *queued) add(o trial.Outcome) {
	n := float64(o.Stages[0].Count)
	mean, square := o.Stages[0].Service/n, o.Stages[0].Square/n
	rate := float64(o.Window.Accepted) / float64(o.Duration) // per ns
	q.found, q.theory = append(q.found, o.Sojourn.Mean()), append(q.theory, mean+queueing.WaitMG1(rate, mean, square))
	q.loads, q.services, q.variations = append(q.loads, rate*mean), append(q.services, mean), append(q.variations, square/(mean*mean)-1)
}

func (q *queued) check(name string) check {
	result := check{Of: name, Load: machineLoad, What: "mean sojourn", Bound: machineBound, Runs: len(q.found)}
	if len(q.found) > 0 {
		middle := func(sample []float64) float64 { return report.QuartilesOf(sample).Median }
		result.Load, result.Found, result.Theory = middle(q.loads), middle(q.found), middle(q.theory)
		result.Moments = fmt.Sprintf("mean %s, C2 %.2f", report.Time(middle(q.services)), middle(q.variations))
	}
	return result
}
