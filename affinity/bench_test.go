package affinity_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/seda-go/seda/affinity"
)

// machineOf returns a topology with the given number of CPUs: packages of 64,
// caches of 8, cores of 2.
func machineOf(cpus int) *affinity.Topology {
	topo := &affinity.Topology{}
	for id := range cpus {
		topo.Online = topo.Online.With(id)
		topo.CPUs = append(topo.CPUs, affinity.CPU{ID: id, Core: id / 2, Thread: id % 2, Package: id / 64, Die: id / 64, LLC: id / 8, Node: id / 64})
	}
	for first := 0; first < cpus; first += 64 {
		topo.Nodes = append(topo.Nodes, affinity.Node{ID: first / 64})
	}
	return topo
}

func BenchmarkPlace(b *testing.B) {
	for _, cpus := range []int{16, 256, 1024} {
		topo := machineOf(cpus)
		for _, order := range []affinity.Order{affinity.Spread, affinity.Compact | affinity.OneNode} {
			b.Run(fmt.Sprintf("cpus=%d/order=%s", cpus, order), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					topo.Place(topo.Online, order)
				}
			})
		}
	}
}

func BenchmarkReadTopology(b *testing.B) {
	topo, err := affinity.ReadTopology(os.DirFS("/"))
	if err != nil {
		b.Skip(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := affinity.ReadTopology(os.DirFS("/")); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(topo.CPUs)), "us/CPU")
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := affinity.Parse("0-23,48-71"); err != nil {
			b.Fatal(err)
		}
	}
}
