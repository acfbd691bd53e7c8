package sched

// Picker chooses which ready stage a worker runs next: deficit round robin in nanoseconds, lower index first within a round.
//
// Every stage has a deficit, the time it may still use in this round. Pick takes the lowest ready index whose deficit is positive;
// when no ready stage has any left, a new round gives each stage one quantum. Charge takes off what a batch cost, which may leave a
// deficit negative: a batch is never cut short, its stage waits out the rounds it overdrew. A stage cannot save up more than one
// quantum, so between two stages that are always ready the time used differs by at most one quantum plus one batch, and a
// stage that comes back from being idle runs for two quanta at most, the end of one round and the start of the next, before others do.
//
// Nor can a stage owe more than one batch overdrew, but for the stage that was picked, which may owe a turn. Batches that are handed over directly are charged
// without having been picked: a stage that gets most of its events so would owe more and more, or the last of them again and again, and events that wait in
// its ring would for as long as that goes on. So what a stage in debt costs is charged to the stage that was picked, from which the events came: free of
// charge, many small batches of that one with a long one each behind them would make a round as long as they like, and others wait for it.
//
// Source: M. Shreedhar, G. Varghese, "Efficient Fair Queueing using Deficit Round Robin", SIGCOMM 1995; charged after the fact, since
// what a batch costs is known only when it is done, and scanned from the lowest index rather than from where the last round
// stopped, so that within a round the downstream stages go first.
//
// One goroutine at a time. The zero value needs a Reset.
type Picker struct {
	quantum int64
	deficit []int64 // by stage index
	picked  int     // the last one
}

// Reset makes the picker fresh for stages with indices [0, stages) and the given quantum in nanoseconds (at least 1).
func (p *Picker) Reset(stages int, quantum int64) {
	p.quantum, p.picked = max(quantum, 1), 0
	p.deficit = make([]int64, stages)
	for i := range p.deficit {
		p.deficit[i] = p.quantum
	}
}

// Pick returns the stage to run among those in ready, or -1 if ready is empty. It costs a few nanoseconds per stage in ready.
func (p *Picker) Pick(ready *Set) int {
	first := ready.Next(0)
	if first < 0 {
		return -1
	}
	for s := first; s >= 0; s = ready.Next(s + 1) {
		if p.deficit[s] > 0 {
			p.picked = s
			return s
		}
	}
	p.refill(ready)
	for s := first; ; s = ready.Next(s + 1) {
		if p.deficit[s] > 0 {
			p.picked = s
			return s
		}
	}
}

// Charge takes ns off the deficit of stage or, if it has none left, of the stage that was picked last.
func (p *Picker) Charge(stage int, ns int64) {
	if p.deficit[stage] <= 0 {
		stage = p.picked
	}
	p.deficit[stage] -= ns
}

// refill begins as many rounds at once as the first ready stage needs to have time again.
func (p *Picker) refill(ready *Set) {
	rounds := int64(-1)
	for s := ready.Next(0); s >= 0; s = ready.Next(s + 1) {
		if need := -p.deficit[s]/p.quantum + 1; rounds < 0 || need < rounds {
			rounds = need
		}
	}
	for i, d := range p.deficit {
		p.deficit[i] = min(d+rounds*p.quantum, p.quantum)
	}
}
