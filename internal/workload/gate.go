package workload

import "sync/atomic"

// Gate bounds what is in a service whose graph leads back: where each queue holds as much as the gate lets in, none is ever full, and no circle of full queues
// stands still. It counts branches of requests, of which there are at least as many as requests. A nil Gate is for graphs that do not lead back: it lets all
// in, and is always empty. It is safe for concurrent use.
type Gate struct {
	limit int64
	count atomic.Int64 // and one until Close; whoever brings it to zero closes empty
	empty chan struct{}
}

// NewGate returns a gate for the graph, nil if it needs none.
func NewGate(g *Graph, limit int) *Gate {
	if !g.Loops() {
		return nil
	}
	t := &Gate{limit: int64(limit), empty: make(chan struct{})}
	t.count.Store(1)
	return t
}

// Enter lets in as many of n requests as there is room for, and returns how many.
func (t *Gate) Enter(n int) int {
	if t == nil {
		return n
	}
	over := min(max(t.count.Add(int64(n))-1-t.limit, 0), int64(n))
	t.Add(int(-over))
	return n - int(over)
}

// Add counts what a stage made of a request: one less than the stages that follow.
func (t *Gate) Add(n int) {
	if t != nil && n != 0 && t.count.Add(int64(n)) == 0 {
		close(t.empty)
	}
}

// Close lets Empty end when there is nothing more in the service. Nobody enters after that.
func (t *Gate) Close() { t.Add(-1) }

// Empty waits until there is nothing in the service, after Close.
func (t *Gate) Empty() {
	if t != nil {
		<-t.empty
	}
}
