package trial

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/workload"
)

// MostBatch is the largest batch that batch trials allow.
const MostBatch = 256

// BatchModel is a stage in which a batch of b takes a + c*b, or something like it.
type BatchModel struct {
	Name    string
	Service time.Duration // c
	Cost    workload.Cost // a, and where the line ends
}

// BatchModels are the stages in which a batch size has to be found: three straight lines, of which the first gains most from batches; one that
// gains nothing beyond 32, since that is all a cache holds; and the stage with which SEDA's batching was shown. All of these have their
// best batch, or one within 2 % of it, below the engine's quantum of 100 us. The last has it beyond: a law that keeps the quantum cannot
// have all of it.
func BatchModels() []BatchModel {
	const us = time.Microsecond
	return []BatchModel{
		{"a5c0.5", us / 2, workload.Cost{Fixed: 5 * us}},
		{"a2c1", us, workload.Cost{Fixed: 2 * us}},
		{"a1c2", 2 * us, workload.Cost{Fixed: us}},
		{"knee32", us / 2, workload.Cost{Fixed: 5 * us, Knee: 32, Beyond: us / 2}},
		{"seda200", 400, workload.Cost{Fixed: 7600, Every: 200}},
		{"a50c1", us, workload.Cost{Fixed: 50 * us}},
	}
}

// FindBatchModel returns the model of a name.
func FindBatchModel(name string) (BatchModel, error) {
	for _, m := range BatchModels() {
		if m.Name == name {
			return m, nil
		}
	}
	return BatchModel{}, fmt.Errorf("unknown batch model %q", name)
}

// Rate is how many requests per second a worker can do in batches of b.
func (m BatchModel) Rate(b int) float64 {
	return 1e9 * float64(b) / (m.Cost.Batch(b) + float64(b)*float64(m.Service))
}

// FixedBatches are the batches with which a law is compared.
func FixedBatches() []int { return []int{1, 4, 16, 32, 64, 128, 200, MostBatch} }

// stage is a single stage of the model, decided about by a policy, with batches of at most most.
func (m BatchModel) stage(p Place, policy string, most int) Config {
	return Config{
		Place: p, Graph: single(), Service: workload.Constant(m.Service), Cost: m.Cost, Policy: policy, MaxBatch: most, Slice: 10 * time.Millisecond,
	}
}

// Saturated is the model's stage with more requests waiting than any batch takes.
func (m BatchModel) Saturated(p Place, policy string, most int) Config {
	c := m.stage(p, policy, most)
	c.Arrival, c.Clients = load.Closed, 4*MostBatch
	return c
}

// At is the model's stage when part of what it could do one by one arrives.
func (m BatchModel) At(p Place, part float64, policy string, most int) Config {
	c := m.stage(p, policy, most)
	c.Arrival, c.Rate = load.Poisson, part*m.Rate(1)
	return c
}

func single() *workload.Graph {
	g, err := workload.NewGraph("pipeline", 1)
	if err != nil {
		panic(err) // one stage is a pipeline
	}
	return g
}

// QuantileOfParts is the median of the q-quantiles of the parts of the window: a few in which others had the CPUs do not count.
func QuantileOfParts(o Outcome, q float64) time.Duration {
	all := make([]int64, len(o.Parts))
	for i, h := range o.Parts {
		all[i] = h.ValueAtQuantile(q)
	}
	slices.Sort(all)
	return time.Duration(all[len(all)/2])
}

// steady is for how long a rate has to be kept to be there.
const steady = 100 * time.Millisecond

// Found returns how long after from the outcome's goodput was part of rate for the first time, in most slices of a while; false if it never was.
func Found(o Outcome, slice, from time.Duration, part, rate float64) (time.Duration, bool) {
	first, n := int(from/slice), int(steady/slice)
	for i := first; i+n < len(o.Slices); i++ { // the last slice has what came after the end
		if medianDone(o.Slices[i:i+n]) >= part*rate*slice.Seconds() {
			return time.Duration(i)*slice - from, true
		}
	}
	return 0, false
}

// DoneRate is the goodput per second from one time to another, in the median of the slices: a few in which others had the CPUs do not count. NaN if that
// time is shorter than a slice.
func DoneRate(o Outcome, slice, from, to time.Duration) float64 {
	if from/slice >= to/slice {
		return math.NaN()
	}
	return medianDone(o.Slices[from/slice:to/slice]) / slice.Seconds()
}

func medianDone(some []Slice) float64 {
	done := make([]int, len(some))
	for i, s := range some {
		done[i] = s.Done
	}
	slices.Sort(done)
	return float64(done[len(done)/2])
}
