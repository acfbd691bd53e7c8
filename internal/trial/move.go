package trial

import (
	"strings"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/workload"
)

// Shift is a pipeline of two stages whose work moves from the first to the second in the middle of the run: three to one, then one to three.
// The workers make the load, so that they may have every CPU.
func Shift(p Place, service workload.Service, policy string, warmup, duration time.Duration) Config {
	c := pair(p, service, policy, warmup, duration)
	half := warmup + duration/2
	c.Scale = func(since time.Duration, stage int) float64 {
		if (since < half) == (stage == 0) {
			return 1.5
		}
		return 0.5
	}
	return c
}

// TwoStages is a pipeline of two equal stages under a load that does not change: nothing should move once it has settled.
func TwoStages(p Place, service workload.Service, policy string, warmup, duration time.Duration) Config {
	return pair(p, service, policy, warmup, duration)
}

func pair(p Place, service workload.Service, policy string, warmup, duration time.Duration) Config {
	g, err := workload.NewGraph("pipeline", 2)
	if err != nil {
		panic(err)
	}
	return Config{
		Place: p, Graph: g, Service: service, Policy: policy, Arrival: load.Closed, Clients: 256 * p.Workers,
		Timeline: 5 * time.Millisecond, Warmup: warmup, Duration: duration,
	}
}

// Moves counts the decisions about cores that were made from one time to another.
func Moves(all []report.Decision, from, to time.Duration) (n int) {
	for _, d := range all {
		if strings.HasPrefix(d.What, "cores") && d.At >= int64(from) && d.At < int64(to) {
			n++
		}
	}
	return n
}

// SeenRate is the goodput per second of the last stage from one time to another, as the time line has it.
func SeenRate(all []report.Moment, from, to time.Duration) float64 {
	var first, last *report.Moment
	for i := range all {
		m := &all[i]
		if m.At >= int64(from) && first == nil {
			first = m
		}
		if m.At <= int64(to) {
			last = m
		}
	}
	if first == nil || last == nil || last.At <= first.At {
		return 0
	}
	done := func(m *report.Moment) uint64 { return m.Stages[len(m.Stages)-1].Done }
	return float64(done(last)-done(first)) / float64(last.At-first.At) * 1e9
}

// Starve has more stages than workers, all but the last flooded with half as much again as the workers can do; of the last kind a request comes
// now and then. Stages stand apart.
func Starve(p Place, service workload.Service, policy string, perSecond float64) (Config, error) {
	stages := p.Workers + 3
	g, err := workload.Apart(stages)
	if err != nil {
		return Config{}, err
	}
	flood := 1.5 * float64(p.Workers) * 1e9 / service.Mean()
	c := Config{
		Place: p, Graph: g, Service: service, Policy: policy, Arrival: load.Poisson, Rate: flood + perSecond,
	}
	for i := range stages - 1 {
		c.Kinds = append(c.Kinds, Kind{staged.Kind{Name: "flood" + g.Name(i)}, flood / c.Rate / float64(stages-1)})
	}
	c.Kinds = append(c.Kinds, Kind{staged.Kind{Name: "trickle"}, perSecond / c.Rate})
	return c, nil
}
