package trial

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/seda-go/seda/internal/workload"
)

// Counts is what became of the requests of one kind that were due within the window.
type Counts struct {
	Offered, Accepted, Refused, Expired, Done int64
	Good                                      int64                   // done within the deadline, from when they were due
	Sojourn                                   *hdrhistogram.Histogram // of those done
}

// Slice is what happened within one slice of time.
type Slice struct {
	Offered  int // due, and submitted
	Accepted int
	Done     int
	Good     int
	Delay    int64 // ns, sum over those done: from submission to done, less the mean service time of a request
}

// MeanDelay is how long those that were done in the slice had waited, in the mean: the delay at the head of the queue. 0 if none was done.
func (s Slice) MeanDelay() time.Duration {
	if s.Done == 0 {
		return 0
	}
	return time.Duration(s.Delay / int64(s.Done))
}

// recorder is a load.Watch.
type recorder struct {
	c      *Config
	start  int64 // of the load, and of the window
	window int64
	end    int64
	served int64 // ns, mean service time of a request
	kinds  []Counts
	slices []Slice
	parts  []*hdrhistogram.Histogram
	// clients is how much was done for each; nil: nobody asked. A client has one request, which is used again and again.
	clients map[*workload.Request]int64
}

// newRecorder makes room beforehand: the thread that spins must not stop to allocate. What ends after the load goes to the last slice.
func newRecorder(c *Config) *recorder {
	r := &recorder{c: c, kinds: make([]Counts, len(c.Kinds))}
	for i := range r.kinds {
		r.kinds[i].Sojourn = hdrhistogram.New(1, int64(time.Minute), 3)
	}
	for range c.Parts {
		r.parts = append(r.parts, hdrhistogram.New(1, int64(time.Minute), 3))
	}
	if !c.ByWorkers {
		r.slices = make([]Slice, (c.Warmup+c.Duration)/c.Slice+1)
	}
	if c.Each {
		r.clients = make(map[*workload.Request]int64, c.Clients)
	}
	r.served = int64(c.Service.Mean())
	if c.Graph.Enters(1) == 0 {
		r.served *= int64(c.Graph.Stages()) // else the stages stand apart
	}
	return r
}

// Begin sets the window.
func (r *recorder) Begin(at int64) {
	r.start, r.window = at, at+int64(r.c.Warmup)
	r.end = r.window + int64(r.c.Duration)
}

func (r *recorder) within(at int64) bool { return at >= r.window && at < r.end }

func (r *recorder) slice(at int64) *Slice {
	i := min(max(at-r.start, 0)/int64(r.c.Slice), int64(len(r.slices)-1))
	return &r.slices[i]
}

// Offered counts a request that was submitted.
func (r *recorder) Offered(q *workload.Request, accepted bool) {
	s := r.slice(q.Due)
	s.Offered++
	if accepted {
		s.Accepted++
	}
	if !r.within(q.Due) {
		return
	}
	k := &r.kinds[q.Kind]
	k.Offered++
	if accepted {
		k.Accepted++
	} else {
		k.Refused++
	}
}

// Done counts a request that was done.
func (r *recorder) Done(q *workload.Request, at int64) {
	good := r.c.Deadline == 0 || at-q.Due <= int64(r.c.Deadline)
	s := r.slice(at)
	s.Done++
	s.Delay += max(at-q.Submitted-r.served, 0)
	if good {
		s.Good++
	}
	if !r.within(q.Due) {
		return
	}
	if r.clients != nil {
		r.clients[q]++
	}
	k := &r.kinds[q.Kind]
	k.Done++
	if good {
		k.Good++
	}
	took := min(max(at-q.Due, 1), int64(time.Minute))
	_ = k.Sojourn.RecordValue(took) // fails only for what is out of range
	if n := int64(len(r.parts)); n > 0 {
		_ = r.parts[(q.Due-r.window)*n/int64(r.c.Duration)].RecordValue(took)
	}
}

// eachClient returns what was done for each client, in no order.
func (r *recorder) eachClient() []int64 {
	if r.clients == nil {
		return nil
	}
	all := make([]int64, 0, r.c.Clients)
	for _, n := range r.clients {
		all = append(all, n)
	}
	return append(all, make([]int64, r.c.Clients-len(all))...) // for whom nothing was
}

// Expired counts a request that was discarded.
func (r *recorder) Expired(q *workload.Request) {
	if r.within(q.Due) {
		r.kinds[q.Kind].Expired++
	}
}
