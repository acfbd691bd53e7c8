package sched

import (
	"fmt"
	"math"
)

const (
	firstThreads  = 4
	threadsWindow = 50e6 // ns that rates are measured for, or as long as
	threadsTurns  = 8    // batches of every thread take, if that is longer, up to
	threadsLong   = 1e9
	threadsBusy   = 0.8 // part of the threads in use from which another one may help
	threadsIdle   = 0.5 // and below which some are not needed
	threadsWorth  = 16  // a thread stays if it brings at least this part of what one brought before
	threadsDoubt  = 4e9 // ns after which that is tried again; each time twice as long
	threadsSure   = 64e9
)

// Threads makes the elastic law of blocking stages: how many batches may be in the handler at a time.
//
// While events queue for longer than a batch takes and the threads are in use, there shall be twice as many; while nothing queues and less than half are in
// use, a quarter fewer. Whether more help is measured, not assumed. With r events per second from n threads and r' from n', the new ones stay if
//
//	(r' - r) / (n' - n) >= 1/16 · r/n,
//
// each brings at least a sixteenth of what one brought so far; else they go, and what lies in between is tried, as long as a step is an eighth or more. Then
// the last ones have to prove themselves in the same way. So a handler that
// is bound by a lock, a disk or another service, for which that slope is zero or less, does not get all threads that it may have. Every few seconds,
// more rarely if nothing comes of it, all that is doubted. Where no batch ends for a second nothing can be measured, and a handler may wait for what an
// event behind it brings: then there shall be twice as many, whatever is known.
//
// M. Welsh, D. Culler, E. Brewer, "SEDA", SOSP 2001, adds a thread whenever a queue exceeds a threshold, up to a maximum, and lets idle ones end; the slope
// is what was missing there. (M. Welsh, "A Retrospective on SEDA", 2010, on thread pools that grew until they thrashed.)
func Threads(y *System) (Policy, error) {
	return &elastic{y: y, stages: make([]crew, len(y.Stages))}, nil
}

type elastic struct {
	y      *System
	stages []crew
}

func (l *elastic) Decide(s *Snapshot, d *Draft) {
	for i := range l.stages {
		if most := l.y.Stages[i].Threads; most > 0 {
			n, why := l.stages[i].next(&s.Stages[i], s.Now, d.Plan.Threads[i], most)
			d.SetThreads(i, n, why)
		}
	}
}

// crew is the threads of one stage.
type crew struct {
	at      int64 // when the window began; 0: never
	before  StageSample
	rate    float64 // events per second in the last window without a change, ns
	useless int     // the smallest number known not to help; 0: none
	from    int     // what the number in force is compared with; 0: nothing
	settled bool    // batches of before the change have ended
	proven  bool    // with fewer there was less done
	doubt   backoff // when to doubt what is known
}

// next takes in a sample of the stage, which ran with held threads (0: most), and returns how many there shall be.
func (c *crew) next(s *StageSample, now int64, held, most int) (n int, why string) {
	if held == 0 {
		held = most
	}
	if c.at == 0 {
		c.begin(s, now)
		c.doubt = backoff{now + threadsDoubt, threadsDoubt}
		return min(firstThreads, most), "to begin with"
	}
	m, ns := s.Batches.Sub(c.before.Batches), float64(now-c.at)
	each := float64(m.T) / float64(max(m.N, 1)) // ns, of a batch
	if ns < min(max(threadsWindow, threadsTurns*each), threadsLong) || m.N == 0 && s.Threads > 0 && ns < threadsLong {
		return held, ""
	}
	wait := max(float64(s.Wait-c.before.Wait)/float64(max(m.N, 1)), float64(s.HeadAge))
	used := float64(m.T) / ns
	rate := float64(m.B) / ns * 1e9
	crowded := wait > each && s.Depth > s.Threads
	c.begin(s, now)
	switch {
	case m.N == 0 && s.Threads >= held && s.Depth > s.Threads && held < most:
		c.from, c.settled = 0, false
		return min(2*held, most), "no batch has ended, and events wait that those may wait for"
	case m.N == 0 && s.Threads > 0:
		return held, ""
	case c.from > 0 && !c.settled:
		c.settled = true
		return held, ""
	case c.from > 0:
		return c.judge(held, rate, crowded, now)
	}
	c.rate = rate
	switch {
	case crowded && max(used, float64(s.Threads)) >= threadsBusy*float64(held): // handlers that stay inside are in no sum yet
		return c.more(held, most, wait, now)
	case !crowded && used < threadsIdle*float64(held) && held > 1:
		return held - max(held/4, 1), fmt.Sprintf("%.2g of them in use, nothing waits", used)
	}
	return held, ""
}

func (c *crew) begin(s *StageSample, now int64) {
	c.at, c.before = now, *s
	c.before.Sojourn = nil
}

// more begins a trial with more threads, or, if there is none to begin, with fewer.
func (c *crew) more(held, most int, wait float64, now int64) (n int, why string) {
	n = min(2*held, most)
	if c.useless > 0 {
		n = min(n, held+(c.useless-held)/2)
	}
	fewer := held - max(held/8, 1)
	switch {
	case n-held >= max(held/8, 1):
		c.from, c.settled = held, false
		return n, fmt.Sprintf("events wait for %v, all threads are in use", short(wait))
	case !c.proven && fewer > 0:
		c.from, c.settled = held, false
		return fewer, "whether the last threads help"
	case c.doubt.due(now):
		c.useless, c.proven = 0, false
		c.doubt.again(now, threadsSure)
	}
	return held, ""
}

// judge ends a trial: of two numbers of threads the larger stays if it brings enough.
func (c *crew) judge(held int, rate float64, crowded bool, now int64) (n int, why string) {
	few, many, low, high := float64(c.from), float64(held), c.rate, rate
	if c.from > held {
		few, many, low, high = many, few, high, low
	}
	from := c.from
	c.from, c.settled = 0, false
	slope := (high - low) / (many - few) * few / math.Max(low, 1)
	why = fmt.Sprintf("from %v to %v threads: %.3g to %.3g events/s, each brings %.2g of one before", few, many, low, high, slope)
	if slope >= 1.0/threadsWorth || !crowded && held > from {
		c.proven = true
		return int(many), why
	}
	c.useless = int(many)
	if held > from {
		c.doubt.at = max(c.doubt.at, now+c.doubt.wait)
	}
	return int(few), why
}
