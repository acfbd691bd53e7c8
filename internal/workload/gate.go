package workload

import "sync/atomic"

// Gate bounds what is in a service whose graph leads back: where each queue holds as much as the gate lets in, none is ever full, and no circle of full queues
// stands still. It counts branches of requests, of which there are at least as many as requests. A request is out before anybody hears that it is done: whoever
// then submits the next one finds the room, however many more the worker has in hand. A nil Gate is for graphs that do not lead back: it lets all in, and is
// always empty. It is safe for concurrent use.
type Gate struct {
	limit int64
	count atomic.Int64 // and one until Close; whoever brings it to zero closes empty
	empty chan struct{}
}

// NewGate returns a gate for what h handles, nil if its graph needs none. It is called before the first Step, once.
func NewGate(h *Handler, limit int) *Gate {
	if !h.graph.Loops() {
		return nil
	}
	t := &Gate{limit: int64(limit), empty: make(chan struct{})}
	t.count.Store(1)
	h.gate = t
	return t
}

// Enter lets in as many of n requests as there is room for, and returns how many.
func (t *Gate) Enter(n int) int {
	if t == nil {
		return n
	}
	over := min(max(t.count.Add(int64(n))-1-t.limit, 0), int64(n))
	t.Leave(int(over))
	return n - int(over)
}

// Leave takes n requests back that Enter let in, and that nobody is to handle.
func (t *Gate) Leave(n int) { t.add(-n) }

// Close lets Empty end when there is nothing more in the service. Nobody enters after that.
func (t *Gate) Close() { t.add(-1) }

func (t *Gate) add(n int) {
	if t != nil && n != 0 && t.count.Add(int64(n)) == 0 {
		close(t.empty)
	}
}

// Empty waits until there is nothing in the service, after Close.
func (t *Gate) Empty() {
	if t != nil {
		<-t.empty
	}
}
