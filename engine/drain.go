package engine

import "github.com/seda-go/seda/internal/yield"

// beginDrain closes every inlet and lets the workers work off what was accepted. Only the first call does anything.
func (e *Engine) beginDrain() {
	yield.Lock(&e.control)
	defer e.control.Unlock()
	if e.phase.Load() != started {
		return
	}
	p := e.plan.Load()
	if p.draining {
		return
	}
	for _, s := range e.stages {
		for _, in := range s.inlets {
			in.run.seal()
		}
	}
	e.publish(p.with(true, false))
	if e.manual == nil {
		yield.Go(nil, e.drain)
	}
}

// drain ends the engine once nothing is left, or at once when Close says so.
func (e *Engine) drain() {
	for !e.drained() {
		select {
		case <-e.quiet:
			continue
		case <-yield.Unless(e.halt, e.quiet):
		}
		break
	}
	yield.Lock(&e.control)
	e.publish(e.plan.Load().with(true, true))
	e.control.Unlock() // handlers may take long: nobody else is to wait for them
	e.awaitWorkers()
	e.end()
}

// drained reports whether every event is done. It can only become true once inlets are closed, and then stays true: events come from
// inlets and from workers that run a batch. All workers being asleep says that no batch is in hand, but they need not all have
// slept at the same time as the rings were looked at; so it looks twice, and takes the rings' word only if nobody took a batch
// in between. A worker on its way to sleep may yet pay a debt, and one that wakes up for a timer may send what is pending and sleep
// again, and neither takes a batch: debts and pending events are looked at before rings, the way such events move.
func (e *Engine) drained() bool {
	if !e.allParked() {
		return false
	}
	before := e.batches()
	for _, s := range e.stages {
		for _, ed := range s.outs {
			if ed.owedByAll()+ed.pending() > 0 {
				return false
			}
		}
	}
	for _, s := range e.stages {
		if waiting, _ := s.run.queued(); waiting > 0 || s.run.awaited() > 0 {
			return false // batches of blocking stages leave the rings when they are dispatched
		}
	}
	return e.allParked() && e.batches() == before
}

func (e *Engine) allParked() bool {
	for i := range e.workers {
		if !e.parked.has(i) {
			return false
		}
	}
	return true
}

func (e *Engine) batches() (n uint64) {
	for _, s := range e.stages {
		n += s.run.batches()
	}
	return n
}

// tellDrain is called by a worker that has announced its sleep.
func (e *Engine) tellDrain() {
	select {
	case e.quiet <- struct{}{}:
	default:
	}
}

// end answers whoever still waits, once the workers are gone.
func (e *Engine) end() {
	for _, s := range e.stages {
		s.run.dismiss(e.workers[0])
	}
	left := e.remains()
	e.Stats() // what sweep takes out of the rings stays in the books as accepted: see raise
	for _, w := range e.workers {
		w.endTimers()
	}
	for _, s := range e.stages {
		s.run.sweep(ErrClosed)
		for _, ed := range s.outs {
			ed.sweep(ErrClosed)
		}
	}
	reason := ErrNoReply
	if left.Total() > 0 {
		e.left = left
		reason = ErrClosed
	}
	e.calls.Range(func(_, pool any) bool {
		pool.(abandoner).abandon(reason)
		return true
	})
	e.phase.Store(ended)
	e.unwatch()
	e.log.Info("ended", "left", left.Total())
	close(e.done)
}

// remains counts what has been accepted and is not done.
func (e *Engine) remains() *RemainsError {
	r := &RemainsError{}
	for _, s := range e.added {
		waiting, held := s.run.queued()
		for _, ed := range s.ins {
			waiting += ed.owedByAll() + ed.pending()
		}
		if n := waiting + held; n > 0 {
			r.Stages = append(r.Stages, Remains{Stage: s.name, Events: n})
		}
	}
	return r
}
