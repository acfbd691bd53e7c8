package workload

// Trace is what the stages did to a request. Stages of different branches write different elements.
type Trace struct {
	stages [MaxStages]StageTimes
	begun  [MaxStages]int64
	ready  [MaxStages]int64 // when the stage before handed it on; 0: it was not, yet
}

// StageTimes sums, over handlings of traced requests, what one stage took and how long
// requests waited for it.
type StageTimes struct {
	Count         int
	Service, Wait float64 // ns
	Square        float64 // of service times, ns^2
}

// Add adds what others were.
func (t *StageTimes) Add(u StageTimes) {
	t.Count += u.Count
	t.Service += u.Service
	t.Wait += u.Wait
	t.Square += u.Square
}

// clear forgets another request.
func (t *Trace) clear(stages int) {
	clear(t.stages[:stages])
	clear(t.ready[:stages])
}

// begin notes that a stage begins. It waited from when the last stage before was through, for the first stage from the request's submission.
func (t *Trace) begin(stage int, submitted, now int64) {
	ready := t.ready[stage]
	if ready == 0 {
		ready = submitted
	}
	t.stages[stage].Count++
	t.stages[stage].Wait += float64(now - ready)
	t.begun[stage] = now
}

// end notes that it is through.
func (t *Trace) end(stage int, now int64) {
	service := float64(now - t.begun[stage])
	t.stages[stage].Service += service
	t.stages[stage].Square += service * service
}

// handedOn notes that stages are to come.
func (t *Trace) handedOn(next Set, at int64) {
	for ; next != 0; next = next.Rest() {
		t.ready[next.First()] = at
	}
}

// Observe adds a traced request that is done to times, one element a stage.
func (g *Graph) Observe(r *Request, times []StageTimes) {
	if !r.traced {
		return
	}
	for stage := range times {
		times[stage].Add(r.trace.stages[stage])
	}
}
