package trial

import (
	"slices"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/workload"
)

// patienceOf a client, in service times: what takes longer is of no use to it.
const patienceOf = 10

// Deadline is how long a request of such a service may take.
func Deadline(service workload.Service) time.Duration {
	return time.Duration(patienceOf * service.Mean())
}

// served is a single stage of such a service, whose requests have a deadline, which the policy knows as their target. The engine's own policy sets
// batches and has those of up to 64 that are the default. Others do not, but for one law, and have batches of one, which is the best for them: what
// is in a batch, they cannot see.
func served(p Place, service workload.Service, policy string) Config {
	most := 1
	if policy == staged.DefaultPolicy() {
		most = 0
	}
	return Config{
		MaxBatch: most,
		Place:    p, Graph: single(), Service: service, Policy: policy, Deadline: Deadline(service),
		Kinds: []Kind{{Kind: staged.Kind{Name: "load", Target: Deadline(service)}, Share: 1}},
	}
}

// Peak finds what the service can do at most, by the same generator: in closed loop, with enough clients to keep a worker busy and too few to wait.
func Peak(p Place, service workload.Service) Config {
	c := served(p, service, "static")
	c.Arrival, c.Clients, c.MaxBatch = load.Closed, 4*p.Workers, 1
	return c
}

// Overload offers so many requests per second, in Poisson arrivals.
func Overload(p Place, service workload.Service, policy string, perSecond float64) Config {
	c := served(p, service, policy)
	c.Arrival, c.Rate = load.Poisson, perSecond
	return c
}

// Classes divides a load of 4 times the peak among three classes: the highest asks for half of the peak, the next for all of it, the lowest
// for the rest.
func (c Config) Classes() Config {
	target := c.Kinds[0].Target
	c.Kinds = []Kind{
		{staged.Kind{Name: "low", Class: 0, Target: target}, 2.5 / 4},
		{staged.Kind{Name: "middle", Class: 1, Target: target}, 1. / 4},
		{staged.Kind{Name: "high", Class: 2, Target: target}, 0.5 / 4},
	}
	return c
}

// Spike is the load of Overload, base times the rate, that for the second half of each period is high times it.
func Spike(p Place, service workload.Service, policy string, perSecond, base, high float64, period time.Duration) Config {
	c := Overload(p, service, policy, perSecond)
	c.Profile = load.Spikes(base, high, period)
	return c
}

// Recovery is what became of one spike.
type Recovery struct {
	First   time.Duration // from its start until the delay at the head was under the target again for the first time; 0: it was never over it
	Settled time.Duration // until it was over the target for the last time within the spike
	Never   bool          // it was over the target at the end of the spike
	Good    float64       // per second, while the spike lasted
}

// Recoveries finds the spikes of a load of Spike after the warm-up in what came of it.
func Recoveries(o Outcome, c Config) []Recovery {
	slice := c.Slice
	if slice == 0 {
		slice = time.Millisecond
	}
	period, calm := c.Profile.Length(), c.Profile[0].For
	var all []Recovery
	for at := calm; at+period-calm <= c.Warmup+c.Duration; at += period {
		if at >= c.Warmup {
			all = append(all, recovery(o.Slices[at/slice:(at+period-calm)/slice], slice, c.Deadline))
		}
	}
	return all
}

func recovery(slices []Slice, slice, target time.Duration) Recovery {
	var r Recovery
	good, over := 0, false
	for i, s := range slices {
		good += s.Good
		if s.Done == 0 {
			continue
		}
		end := time.Duration(i+1) * slice
		if s.MeanDelay() > target {
			over, r.Settled = true, end
		} else if over && r.First == 0 {
			r.First = end
		}
		r.Never = s.MeanDelay() > target
	}
	if r.Never && r.First == 0 {
		r.First = time.Duration(len(slices)) * slice
	}
	r.Good = float64(good) / (time.Duration(len(slices)) * slice).Seconds()
	return r
}

// Spikes sums up recoveries, at least one: the medians, the goodput per second in all spikes together, and how many never recovered.
func Spikes(all []Recovery) (settled, first time.Duration, good float64, never int) {
	settles, firsts := make([]time.Duration, 0, len(all)), make([]time.Duration, 0, len(all))
	for _, r := range all {
		settles, firsts = append(settles, r.Settled), append(firsts, r.First)
		good += r.Good / float64(len(all))
		if r.Never {
			never++
		}
	}
	slices.Sort(settles)
	slices.Sort(firsts)
	return settles[len(all)/2], firsts[len(all)/2], good, never
}
