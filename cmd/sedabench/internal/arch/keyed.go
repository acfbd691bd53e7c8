package arch

import (
	"sync"

	"github.com/seda-go/seda/internal/workload"
)

// partOf returns which of n parts a key belongs to: equal parts of the keys, whatever their numbers have in common (Fibonacci hashing).
func partOf(key uint32, n int) int {
	return int(uint64(key*2654435769) * uint64(n) >> 32)
}

// runner runs requests from start to end. Around keyed stages it holds one of many locks for the key, so that most of the time different keys do not wait
// for one another.
type runner struct {
	handler *workload.Handler
	locks   [][]paddedMutex // by stage and part of the keys; nil if no stage is keyed
}

// keyLocks is how many locks a keyed stage has: many more than workers, so that two of them rarely want the same one for different keys.
const keyLocks = 1024

type paddedMutex struct {
	sync.Mutex
	_ [56]byte
}

func newRunner(h *workload.Handler) runner {
	r := runner{handler: h}
	g := h.Graph()
	if !g.AnyKeyed() {
		return r
	}
	r.locks = make([][]paddedMutex, g.Stages())
	for stage := range r.locks {
		if g.Keyed(stage) {
			r.locks[stage] = make([]paddedMutex, keyLocks)
		}
	}
	return r
}

func (l *runner) run(r *workload.Request) {
	if l.locks == nil {
		l.handler.Run(r)
		return
	}
	for ready := workload.SetOf(0); ready != 0; {
		stage := ready.First()
		ready = ready.Rest() | l.step(stage, r)
	}
}

func (l *runner) step(stage int, r *workload.Request) workload.Set {
	if l.locks[stage] == nil {
		return l.handler.Step(stage, r)
	}
	mu := &l.locks[stage][partOf(r.Key, keyLocks)]
	mu.Lock()
	defer mu.Unlock()
	return l.handler.Step(stage, r)
}
