package main

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

const (
	predictWarm = 300_000_000 // ns, simulated: policies that try who should serve what have found it by then
	predictTime = 60_000_000
)

// predict simulates each number of workers. One number ties the simulation to this machine: by how much the run with one worker was faster here.
func (st *study) predict(ctx context.Context, s *report.Scale, o *scaleOptions, policy string) error {
	if st.work.Blocks() {
		s.NoPrediction = "the simulator knows nothing of work that blocks"
		return nil
	}
	if st.graph.Joins() {
		s.NoPrediction = errNoJoins.Error() + ", as in " + st.shape
		return nil
	}
	base := s.Points[0].Throughput
	s.Line, s.NoLine = o.lines.middle()
	one, err := st.simulated(1, policy, s.Line)
	if err != nil {
		return err
	}
	if base == nil || one == 0 {
		s.NoPrediction = "no run with one worker counts, from which others could be predicted"
		return nil
	}
	s.Factor = base.Median / one
	for i := 1; i < len(s.Points); i++ {
		if s.Points[i].Kind != report.Measured {
			continue
		}
		if err := st.predictPoint(ctx, &s.Points[i], s, policy); err != nil {
			return err
		}
	}
	for n := 4; n <= o.simulated; n *= 2 {
		if n <= o.workers[len(o.workers)-1] {
			continue
		}
		p := report.ScalePoint{Workers: n, Kind: report.Simulated}
		if err := st.predictPoint(ctx, &p, s, policy); err != nil {
			return err
		}
		s.Points = append(s.Points, p)
	}
	return nil
}

func (st *study) predictPoint(ctx context.Context, p *report.ScalePoint, s *report.Scale, policy string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rate, err := st.simulated(p.Workers, policy, s.Line)
	if err != nil {
		return err
	}
	p.Predicted = pointer(s.Factor * rate)
	if p.Throughput != nil {
		p.Error = pointer(*p.Predicted/p.Throughput.Median - 1)
	}
	return nil
}

// simulated returns the requests per second of the same graph under the same policy in the simulator, on a machine with cores like this one's, which all
// share one last-level cache and one NUMA node, between which a cache line takes so many ns.
func (st *study) simulated(workers int, policy string, line float64) (float64, error) {
	o := simOptions{
		made: st.graph, keys: st.keys, services: st.services, works: st.works,
		workers: workers, smt: 1, costs: "measured", shape: st.shape, stages: st.stages, service: st.service, overhead: sim.MeasuredBatch,
		footprint: st.work.Memory() >> 10, batch: st.batch, capacity: st.capacity, arrival: simArrival{text: string(load.Closed), process: sim.Closed}, clients: st.clientsFor(workers),
	}
	y := o.system(0)
	y.Costs.Core += line * load.RequestLines
	y.Sources[0].Arrivals.Inside = line * load.ClientLines
	for w := range y.Workers {
		y.Workers[w].Core = st.coreOf(w, workers)
	}
	if cache := st.host.coreCache(); cache > 0 {
		y.Costs.Cache = cache
	}
	run := sim.Options{Seed: st.seed, Warmup: predictWarm, Duration: predictTime}
	var err error
	if run.Policy, err = sched.Find(policy); err != nil {
		return 0, err
	}
	if policy == staged.Static {
		run.Plan.Serve = o.divided()
	}
	found, err := sim.Run(y, run)
	if err != nil {
		return 0, fmt.Errorf("simulation of %d workers: %w", workers, err)
	}
	return found.Rate(), nil
}

// lineTimes are taken between repetitions, since a hypervisor may move CPUs nearer to one another, or away.
type lineTimes struct {
	ns  []float64
	why string // there are none
}

func (l *lineTimes) take(h host) {
	ns, why := h.lineTime()
	if l.why = why; why == "" {
		l.ns = append(l.ns, ns)
	}
}

func (l *lineTimes) middle() (ns float64, why string) {
	if len(l.ns) == 0 {
		return 0, l.why
	}
	return report.QuartilesOf(l.ns).Median, ""
}

// lineTime returns in how many nanoseconds a cache line goes from one CPU to another, or why that is not known.
func (h host) lineTime() (ns float64, why string) {
	order := h.spread(h.cpus).Workers.CPUs()
	if len(order) < 2 {
		return 0, "there is one CPU"
	}
	ns, err := load.LineTime(order[0], order[len(order)-1])
	if err != nil {
		return 0, err.Error()
	}
	return ns, ""
}

// coreOf spreads workers over cores: a second thread of a core is used when no core is left, of as many cores as the machine has or the workers take.
func (st *study) coreOf(w, workers int) int {
	threads := max(st.machine.SMT, 1)
	cores := max(st.host.cpus/threads, (workers+threads-1)/threads, 1)
	return w % cores
}

// coreCache returns the bytes of the largest cache that a core has to itself; 0 where that is not known.
func (h host) coreCache() int {
	if h.topo == nil {
		return 0
	}
	size := 0
	for _, c := range h.topo.Caches {
		if c.CPUs.Len() <= h.topo.SMT() && c.Level <= 2 {
			size = max(size, int(c.Size))
		}
	}
	return size
}
