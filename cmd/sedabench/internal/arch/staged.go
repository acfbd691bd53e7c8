package arch

import "github.com/seda-go/seda/internal/staged"

// startStaged starts the engine of this module. Where stages may block they are the engine's blocking stages.
func startStaged(c Config) (Service, error) {
	s, err := staged.Start(staged.Config{
		Handler: c.Handler, Workers: c.Workers, CPUs: c.CPUs, Capacity: c.Capacity, MaxBatch: c.Batch, Threads: c.Threads,
		Kinds: []staged.Kind{{Name: "load", Target: c.Target}}, Policy: c.Policy, Timeline: c.Timeline, Park: c.Park, Probes: c.Probes, Log: c.Log,
	})
	if err != nil {
		return nil, err // and not a nil *staged.Service
	}
	return s, nil
}
