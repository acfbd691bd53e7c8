package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// Of three classes that ask for four times the capacity the highest gets what it asks for, the middle one most of what that leaves, and the lowest what nobody is
// denied: whatever the batches, and how long an event takes, in the mean over some arrivals.
func TestClassesUnderOverload(t *testing.T) {
	const seeds = 10
	for _, most := range []int{1, 64} {
		for _, service := range []int64{100_000, 1_000_000} {
			capacity := 1e9 / float64(service)
			var high, middle, low float64
			for seed := range uint64(seeds) {
				asked, a, b, c := classesInTime(t, seed, most, service, 0.5*capacity, capacity, 2.5*capacity)
				high, middle, low = high+a/asked/seeds, middle+b/(capacity-asked)/seeds, low+c/capacity/seeds
			}
			require.Greater(t, high, 0.97, "batches of %d, %d ns", most, service)
			require.Greater(t, middle, 0.8, "batches of %d, %d ns", most, service)
			require.InDelta(t, 0.01, low, 0.002, "batches of %d, %d ns", most, service)
		}
	}
}

// One batch that takes a hundred times as long as all others shuts out what comes during it, and nobody 100 ms after it.
func TestAdmissionForgetsPoison(t *testing.T) {
	for _, most := range []int{1, 64} {
		for _, target := range []int64{1e6, 10e6} {
			y := &sched.System{
				Workers: []sched.Seat{{}}, Quantum: 100_000, Stages: []sched.Stage{{Name: "a", MaxBatch: most, Capacity: 1024}},
				Sources: []sched.Source{{Name: "web", Capacity: 1024, Target: target}},
			}
			r := newTrial(t, newPlant(y, []cost{{c: 100_000, noise: 0.05}}, []feed{{rate: 20_000, poisson: true}}, false), find(t, "admission"))
			until := func(ns int64) {
				for r.now < ns {
					r.tick(t, 5e6)
				}
			}
			until(500e6)
			r.costs[0].c = 120e6 / int64(most)
			r.tick(t, 1e6) // it begins
			r.costs[0].c = 100_000
			until(r.now + 120e6 + 100e6)
			before, began := r.snapshot(), r.now
			until(began + 200e6)
			rate := float64(r.snapshot().Stages[0].Done-before.Stages[0].Done) * 1e9 / float64(r.now-began)
			require.Greater(t, rate, 9_500., "batches of %d, in %d ns", most, target)
		}
	}
}

// classesInTime returns how many events a second the highest of three classes asks for, and how many of each are done within ten services, once the law
// has settled.
func classesInTime(t *testing.T, seed uint64, most int, service int64, rates ...float64) (asked, high, middle, low float64) {
	y := &sched.System{
		Workers: []sched.Seat{{}}, Quantum: 100_000,
		Stages: []sched.Stage{{Name: "a", MaxBatch: most, Capacity: 1024}},
	}
	var feeds []feed
	for i, rate := range rates {
		y.Sources = append(y.Sources, sched.Source{Name: string(rune('a' + i)), Class: 2 - i, Capacity: 1024, Target: 10 * service})
		feeds = append(feeds, feed{rate: rate, poisson: true})
	}
	p := newPlant(y, []cost{{c: service, noise: 0.05}}, feeds, false)
	p.chance = rand.New(rand.NewPCG(seed, 3))
	r := newTrial(t, p, find(t, "admission"))
	for r.now < 2e9 {
		r.tick(t, 5e6)
	}
	r.waits = make([][]int64, len(rates))
	start := r.snapshot()
	began := r.now
	for r.now < began+6000*service {
		r.tick(t, 5e6)
	}
	inTime := func(k int) (perSecond float64) {
		for _, ns := range r.waits[k] {
			if ns <= 10*service {
				perSecond += 1e9 / float64(r.now-began)
			}
		}
		return perSecond
	}
	asked = float64(r.snapshot().Sources[0].Offered-start.Sources[0].Offered) * 1e9 / float64(r.now-began)
	return asked, inTime(0), inTime(1), inTime(2)
}
