package sim

import "math"

// Bound is what no assignment, batch cap or law can exceed.
type Bound struct {
	Rate   float64   // requests per second, of all sources
	Visits []float64 // by stage: events of a request
	Demand []float64 // by stage: core time a request takes there, ns
	Stage  int       // the stage that limits, since it cannot run on more workers; -1: the cores do
}

// Fluid returns the bound for y at a time, for sources whose events come in the proportion of their rates; closed and saturating sources
// count for one each, and so do all if nothing comes at that time.
//
// It is the linear program
//
//	maximize x, so that sum over w of t[w][s] = x·visits[s]·cost[s], sum over s of t[w][s] <= 1, sum over w of t[w][s] <= parallel[s]
//
// over the time t[w][s] that worker w spends on stage s. The cost of an event is that of the best batch size, and nothing else: rings, caches
// and wake-ups are free. Workers are all alike, so it has a closed form: x is the least of workers / (sum of visits·cost) and, for each
// stage, parallel / (visits·cost); time can be cut up among workers so that no stage is run by two at the same time who may not, as
// McNaughton's wrap-around rule shows ("Scheduling with deadlines and loss functions", 1959). Siblings that slow each other down count as
// what they are worth together.
func Fluid(y *System, at int64) Bound {
	b := Bound{Visits: y.visits(at), Demand: make([]float64, len(y.Stages)), Stage: -1}
	sum := 0.0
	for i := range y.Stages {
		b.Demand[i] = b.Visits[i] * y.Stages[i].least(at)
		sum += b.Demand[i]
	}
	b.Rate = y.cores() * 1e9 / sum
	for i := range y.Stages {
		if x := y.Stages[i].parallel() * 1e9 / b.Demand[i]; x < b.Rate {
			b.Rate, b.Stage = x, i
		}
	}
	return b
}

// least returns what an event costs in batches of the best size.
func (s *Stage) least(at int64) float64 {
	most := float64(orElse(s.MaxBatch, defaultMaxBatch))
	fixed := s.Batch / most
	if knee := float64(s.Knee); s.Knee > 0 && knee < most { // the best size is the knee or the largest
		fixed = min(s.Batch/knee, fixed+s.Beyond*(most-knee)/most)
	}
	return fixed + valueAt(s.Scale, at, 1)*s.Event.Expected()
}

// valueAt returns the value of the last step up to a time.
func valueAt(steps []Step, at int64, before float64) float64 {
	for _, s := range steps {
		if s.At > at {
			break
		}
		before = s.Value
	}
	return before
}

// parallel returns on how many workers the stage can run at the same time. Where one shard has more than its share of the events, the others
// wait for it.
func (s *Stage) parallel() float64 {
	most := math.Inf(1)
	if s.MaxCores > 0 {
		most = float64(s.MaxCores)
	}
	if s.Shards > 0 {
		most = min(most, 1/(s.Hot+(1-s.Hot)/float64(s.Shards)))
	}
	return most
}

// cores returns how many workers without siblings y's are worth.
func (y *System) cores() float64 {
	if y.Costs.SMT <= 1 {
		return float64(len(y.Workers))
	}
	threads := map[int]int{}
	sum := 0.0
	for _, w := range y.Workers {
		if w.Core < 0 {
			sum++
		} else {
			threads[w.Core]++
		}
	}
	for _, n := range threads {
		sum += max(1, float64(n)/y.Costs.SMT)
	}
	return sum
}

func (c *Source) weight(at int64) float64 {
	if a := &c.Arrivals; a.Process <= Fixed {
		return valueAt(a.Steps, at, a.Rate)
	}
	return 1
}

// visits returns how many events of a request come to each stage.
func (y *System) visits(at int64) []float64 {
	from, sum := make([]float64, len(y.Stages)), 0.0
	for i := range y.Sources {
		sum += y.Sources[i].weight(at)
	}
	for i := range y.Sources {
		if sum > 0 {
			from[y.Sources[i].Stage] += y.Sources[i].weight(at) / sum
		} else {
			from[y.Sources[i].Stage] += 1 / float64(len(y.Sources))
		}
	}
	v := make([]float64, len(y.Stages))
	for range 1000 { // once suffices without feedback, then each round adds one way back
		next := make([]float64, len(v))
		for i := range v {
			next[i] += from[i]
			for _, e := range y.Stages[i].Edges {
				if e.To >= i {
					next[e.To] += v[i] * e.Ratio
				}
			}
		}
		changed := 0.0
		for i := len(v) - 1; i >= 0; i-- {
			for _, e := range y.Stages[i].Edges {
				if e.To < i {
					next[e.To] += next[i] * e.Ratio
				}
			}
			changed = max(changed, math.Abs(next[i]-v[i]))
		}
		if v = next; changed < 1e-12 {
			break
		}
	}
	return v
}
