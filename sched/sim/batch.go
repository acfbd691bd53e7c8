package sim

import "slices"

// tryTurn begins a batch of the ready stage whose turn it is. It reports whether there was one that could run.
func (w *worker) tryTurn(r *run) bool {
	candidates := r.ready.And(&r.serve[w.id])
	for {
		i := w.picker.Pick(&candidates)
		if i < 0 {
			return false
		}
		if w.take(r, &r.stages[i]) {
			return true
		}
		candidates.Remove(i)
	}
}

// take begins a batch of s, if there is something to run and the stages ahead have room.
func (w *worker) take(r *run, s *stage) bool {
	limit, ahead := s.room(r, s.limit)
	if limit == 0 {
		s.held++
		ahead.holds.Add(s.id)
		return false
	}
	k := s.open()
	if k < 0 {
		return false
	}
	sh := &s.shards[k]
	for w.batch = w.batch[:0]; len(w.batch) == 0 && sh.n > 0; {
		w.batch = sh.fill(w.batch, limit)
		w.expire(r, s)
	}
	if sh.n == 0 {
		s.active.Remove(k)
		if s.active.Empty() {
			r.ready.Remove(s.id)
		}
	}
	if len(w.batch) == 0 { // all of it was too late
		s.taken.Remove(k)
		r.saturate(s)
		return false
	}
	w.turn = r.now
	w.idler.found(r.now - w.dry)
	if w.idler.wake > 0 && r.brisk.Has(w.id) && r.now-w.batch[0].at > standing*w.idler.wake {
		r.brisk.Remove(w.id)
	}
	w.begin(r, s, k, false)
	r.saturate(s)
	r.madeRoom(s)
	return true
}

// open returns the next shard round that has events and that nobody runs, and takes its token; or -1.
func (s *stage) open() int {
	if !s.guarded() {
		return s.active.Next(0)
	}
	open := s.active.AndNot(&s.taken)
	k := open.Next(s.next)
	if k < 0 {
		k = open.Next(0)
	}
	if k >= 0 {
		s.next = k + 1
		s.taken.Add(k)
	}
	return k
}

// expire takes out of the batch what has waited for longer than the limit of its source allows.
func (w *worker) expire(r *run, s *stage) {
	if !r.ages {
		return
	}
	kept := w.batch[:0]
	for _, e := range w.batch {
		age := r.sources[r.reqs[e.req].source].limit.Age
		if age == 0 || !e.entered() || r.now-e.at <= age {
			kept = append(kept, e)
			continue
		}
		s.done++
		s.expired++
		r.retire(e.req, w, true)
	}
	w.batch = kept
}

// begin spends the time that the batch takes.
func (w *worker) begin(r *run, s *stage, shard int, direct bool) {
	w.stage, w.shard, w.direct, w.began = s, shard, direct, r.now
	w.head = r.now
	for i := range w.batch {
		at := w.batch[i].at
		s.waited += r.now - at
		w.head = min(w.head, at)
	}
	s.wait += r.now - w.head
	s.popped += uint64(len(w.batch))
	w.emit(r, s)
	if !r.parked.Empty() && (!w.whole || !r.brisk.Has(w.id)) {
		r.spread(w)
	}
	took := max(int64(w.cost(r, s)+0.5), 1)
	if !direct {
		s.running++
	}
	r.cal.set(w.id, r.now+took)
}

// cost returns what the batch in hand takes.
func (w *worker) cost(r *run, s *stage) float64 {
	c, n := &r.y.Costs, len(w.batch)
	ns := w.lag + s.Batch + s.drawn(r.now, n) + w.refill(r, s)
	w.lag = 0
	if s.Knee > 0 && n > s.Knee {
		ns += float64(n-s.Knee) * s.Beyond
	}
	if !w.direct {
		ns += c.Ring
		if !s.guarded() {
			ns += c.Contend * float64(s.running)
		}
		if r.crossing {
			ns += w.distance(r)
		}
	}
	if c.SMT > 1 {
		for _, v := range w.siblings {
			if r.workers[v].stage != nil {
				return ns * c.SMT
			}
		}
	}
	return ns
}

// drawn returns the service times of n events.
func (s *stage) drawn(now int64, n int) float64 {
	for s.step < len(s.Scale) && s.Scale[s.step].At <= now {
		s.scale = s.Scale[s.step].Value
		s.step++
	}
	return s.scale * s.event.sum(n, s.random)
}

// refill returns what it takes to have the footprint of s in the cache, which loses what was used longest ago.
func (w *worker) refill(r *run, s *stage) float64 {
	at := slices.Index(w.warm, s.id)
	if at == 0 {
		return 0
	}
	s.switches++
	if at > 0 {
		copy(w.warm[1:], w.warm[:at])
		w.warm[0] = s.id
		return 0
	}
	w.warm = slices.Insert(w.warm, 0, s.id)
	kept, left := 1, r.y.Costs.Cache-s.Footprint
	for ; kept < len(w.warm); kept++ {
		if left -= r.stages[w.warm[kept]].Footprint; left < 0 {
			break
		}
	}
	w.warm = w.warm[:kept]
	return float64(s.Footprint) / 1024 * r.y.Costs.Refill
}

// distance returns what the events of the batch cost more that come from far away.
func (w *worker) distance(r *run) float64 {
	c, ns := &r.y.Costs, 0.0
	for i := range w.batch {
		from := w.batch[i].maker()
		if from == outside || int(from) == w.id {
			continue
		}
		if ns == 0 {
			ns = c.Far
		}
		if w.batch[i].entered() {
			ns += r.sources[r.reqs[w.batch[i].req].source].Arrivals.Inside
		}
		switch there := &r.workers[from].seat; {
		case there.Node != w.seat.Node:
			ns += c.Core + c.Node
		case there.LLC != w.seat.LLC:
			ns += c.Core + c.LLC
		default:
			ns += c.Core
		}
	}
	return ns
}
