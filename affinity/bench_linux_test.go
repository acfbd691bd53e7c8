package affinity_test

import (
	"testing"

	"github.com/seda-go/seda/affinity"
)

func BenchmarkAllowed(b *testing.B) {
	for b.Loop() {
		if _, err := affinity.Allowed(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCurrent(b *testing.B) {
	for b.Loop() {
		if _, err := affinity.Current(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPin pins where the thread is already, and to each CPU in turn.
func BenchmarkPin(b *testing.B) {
	all, err := affinity.Allowed()
	if err != nil {
		b.Fatal(err)
	}
	for name, cpus := range map[string][]int{"to=same": all.CPUs()[:1], "to=next": all.CPUs()} {
		b.Run(name, func(b *testing.B) {
			onThread(b, func() {
				for i := 0; b.Loop(); i++ {
					if err := affinity.Pin(cpus[i%len(cpus)]); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
