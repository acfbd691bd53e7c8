package sched

import "fmt"

// crews2001 is the thread pool controller of SEDA for stages whose handlers may block, which have threads of their own: there it decides about what it was
// made for. A stage begins with one; while its queue holds 100 events or more it gets one more every 2 s, up to 20 or what it allows. A thread leaves that has
// had nothing to do for 5 s: how many have is not known, but no more can have had something than batches ended since, or are in the handler. Looks are 2 s
// apart, so 5 s are 6. They begin when less than 100 events wait, and with them there was something for each thread, a new one as well.
type crews2001 struct {
	y      *System
	looked int64 // when it looked last; 0: never
	stages []crew2001
}

const (
	crew2001Most = 20 // threads
	crew2001Back = 3  // looks after which a thread without work leaves
)

// crew2001 is what was seen of a stage.
type crew2001 struct {
	done [crew2001Back]uint64 // batches, by the last looks, the latest last
	calm int                  // looks in a row that found no reason for one more thread, after one that did, or the first
}

func (p *crews2001) Decide(s *Snapshot, d *Draft) {
	if p.looked > 0 && s.Now-p.looked < pool2001Every {
		return
	}
	d.Wait(pool2001Every)
	for i := range p.stages {
		if most := min(p.y.Stages[i].Threads, crew2001Most); most > 0 {
			if n, why := p.next(i, &s.Stages[i], d.Plan.Threads[i], most); why != "" {
				d.SetThreads(i, n, why)
			}
		}
	}
	p.looked = s.Now
}

// next returns how many threads a stage shall have that has held, and why if that is another number.
func (p *crews2001) next(i int, s *StageSample, held, most int) (n int, why string) {
	c := &p.stages[i]
	worked := int(s.Batches.N-c.done[0]) + s.Threads // once it has been calm for all looks
	copy(c.done[:], c.done[1:])
	c.done[crew2001Back-1] = s.Batches.N
	if c.calm++; p.looked == 0 || s.Depth >= pool2001Full {
		c.calm = 0
	}
	switch {
	case p.looked == 0:
		return 1, "a pool of one"
	case s.Depth >= pool2001Full && held < most:
		return held + 1, fmt.Sprintf("%d events wait", s.Depth)
	case c.calm >= crew2001Back && worked < held && held > 1:
		return max(worked, 1), "threads without work for 5s"
	}
	return held, ""
}
