package sched_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// Sources of one class that each offer as much as the worker can do get the same part of it, and together what it can do.
func TestSourcesShareAlike(t *testing.T) {
	for _, most := range []int{1, 64} {
		for _, offered := range []float64{2, 4} {
			const service, n = 100_000, 4
			var goods [n]float64
			for seed := range uint64(10) {
				for k, good := range sourcesInTime(t, seed, most, service, n, offered*1e9/service/n) {
					goods[k] += good / 10
				}
			}
			sum, squares := 0.0, 0.0
			for _, g := range goods {
				sum, squares = sum+g, squares+g*g
			}
			require.Greater(t, sum*service/1e9, 0.98, "batches of %d, %g times the capacity: %.0f", most, offered, goods)
			require.Greater(t, sum*sum/n/squares, 0.99, "batches of %d, %g times the capacity: %.0f", most, offered, goods)
		}
	}
}

// As long as sources ask for less than can be done together, what comes of one at a time is not refused since there are others.
func TestSourcesBorrow(t *testing.T) {
	for _, most := range []int{1, 64} {
		for _, offered := range []float64{0.3, 0.5} {
			const service, n = 100_000, 4
			sum := 0.0
			for seed := range uint64(10) {
				for _, good := range sourcesInTime(t, seed, most, service, n, offered*1e9/service/n) {
					sum += good / 10
				}
			}
			require.Greater(t, sum*service/1e9/offered, 0.97, "batches of %d, %g times the capacity", most, offered)
		}
	}
}

// sourcesInTime returns how many events a second of each of n sources of the same rate are done within ten services, once the law has settled.
func sourcesInTime(t *testing.T, seed uint64, most int, service int64, n int, rate float64) []float64 {
	y := &sched.System{
		Workers: []sched.Seat{{}}, Quantum: 100_000,
		Stages: []sched.Stage{{Name: "a", MaxBatch: most, Capacity: 1024}},
	}
	var feeds []feed
	for i := range n {
		y.Sources = append(y.Sources, sched.Source{Name: string(rune('a' + i)), Capacity: 1024, Target: 10 * service})
		feeds = append(feeds, feed{rate: rate, poisson: true})
	}
	p := newPlant(y, []cost{{c: service, noise: 0.05}}, feeds, false)
	p.chance = rand.New(rand.NewPCG(seed, 3))
	r := newTrial(t, p, find(t, "admission"))
	for r.now < 200e6 {
		r.tick(t, 5e6)
	}
	r.waits = make([][]int64, n)
	began := r.now
	for r.now < began+400e6 {
		r.tick(t, 5e6)
	}
	good := make([]float64, n)
	for k := range good {
		for _, ns := range r.waits[k] {
			if ns <= 10*service {
				good[k] += 1e9 / float64(r.now-began)
			}
		}
	}
	return good
}
