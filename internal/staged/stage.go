package staged

import (
	"math/bits"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/workload"
)

// stage describes a stage to the engine.
func (c *Config) stage(g *workload.Graph, i, classes int) engine.StageConfig[*workload.Request] {
	s := engine.StageConfig[*workload.Request]{Name: g.Name(i), Capacity: c.Capacity, Serial: c.Serial, Classes: classes}
	switch {
	case g.Loops(): // see workload.Gate
		s.Capacity = 1 << bits.Len(uint(c.Capacity*g.Stages()-1))
	case g.Keyed(i): // a ring for each worker's part of the keys, as other architectures have, in more parts
		s.Capacity = max(1<<bits.Len(uint(c.Capacity/c.Workers))/2, 2)
	}
	if g.Keyed(i) {
		s.Key = func(r *workload.Request) uint64 { return uint64(r.Key) }
	}
	s.MaxBatch = min(c.MaxBatch, s.Capacity)
	if c.Handler.Means.Blocks() {
		s.Blocking = c.Threads
	}
	if c.Handler.Means.Sleeps() {
		s.MaxBatch = 1 // who sleeps in a batch sleeps after those before
	}
	return s
}
