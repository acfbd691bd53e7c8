package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"text/tabwriter"
	"time"
)

// soak is a run: rounds one after the other.
type soak struct {
	seed   uint64
	most   uint64        // events, unless there is a length
	length time.Duration // or how long; 0: until there are that many events
	errs   io.Writer
	began  time.Time

	at     uint64 // the round
	events uint64
	rounds int
	by     [len(kinds)]uint64 // events of each type of ring
}

const (
	warmUp      = 100 // rounds until the process holds what it needs
	progress    = 5 * time.Second
	moreThreads = 4 // the runtime keeps those that chance made it start
	moreHeap    = 4 << 20
)

func (s *soak) run(first uint64) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	fmt.Fprintf(s.errs, "seed %d\n", s.seed)
	var before holding
	told := s.began
	for s.at = first; !s.done(); s.at++ {
		r := newRound(s.seed, s.at)
		moved, err := r.run()
		if err != nil {
			return fmt.Errorf("%v: %w", r, err)
		}
		s.rounds++
		s.events += moved
		s.by[r.kind] += moved
		if s.rounds == warmUp {
			before = hold()
		}
		if now := time.Now(); now.Sub(told) >= progress {
			told = now
			fmt.Fprintf(s.errs, "%v: %d rounds, %.4g events, %.2f ns each\n", s.age(), s.rounds, float64(s.events), s.cost())
		}
	}
	if s.rounds <= warmUp {
		return nil
	}
	return hold().grown(before)
}

func (s *soak) done() bool {
	if s.length > 0 {
		return time.Since(s.began) >= s.length
	}
	return s.events >= s.most
}

func (s *soak) age() time.Duration { return time.Since(s.began).Round(time.Second) }

func (s *soak) cost() float64 { return float64(time.Since(s.began)) / float64(s.events) }

func (s *soak) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "seed\t%d\n", s.seed)
	fmt.Fprintf(w, "time\t%v\t%.2f ns an event, with all checks\n", s.age(), s.cost())
	fmt.Fprintf(w, "rounds\t%d\n", s.rounds)
	fmt.Fprintf(w, "events\t%d\tnone lost, doubled or out of order\n", s.events)
	for k, n := range s.by {
		fmt.Fprintf(w, "%s\t%d\n", kinds[k], n)
	}
}

// holding is what the process holds between two rounds.
type holding struct {
	goroutines, threads int
	heap                uint64
}

func hold() holding {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return holding{runtime.NumGoroutine(), pprof.Lookup("threadcreate").Count(), m.HeapAlloc}
}

// grown reports what is more than it was.
func (h holding) grown(before holding) error {
	if h.goroutines > before.goroutines || h.threads > before.threads+moreThreads || h.heap > before.heap+moreHeap {
		return fmt.Errorf("the process has grown: %+v after %d rounds, now %+v", before, warmUp, h)
	}
	return nil
}
