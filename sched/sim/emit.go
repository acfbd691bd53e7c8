package sim

// emit draws what the batch in hand will emit, and reserves the room for it.
func (w *worker) emit(r *run, s *stage) {
	for i := range s.edges {
		w.out[i] = w.out[i][:0]
	}
	if len(s.edges) == 0 {
		return
	}
	for i := range w.batch {
		req := w.batch[i].req
		if s.OneOf {
			u := s.random.Float64()
			for k := range s.edges {
				if u -= s.edges[k].Ratio; u < 0 {
					w.send(r, s, k, req)
					break
				}
			}
			continue
		}
		for k := range s.edges {
			e := &s.edges[k]
			n := e.least
			if e.rest > 0 && s.random.Float64() < e.rest {
				n++
			}
			for range n {
				w.send(r, s, k, req)
			}
		}
	}
}

// send notes an event that the batch will emit over edge k.
func (w *worker) send(r *run, s *stage, k int, req int32) {
	t, q := &r.stages[s.edges[k].To], &r.reqs[req]
	q.left++
	o := out{req: req}
	if t.single == nil {
		o.shard = int16(t.shardFor())
		o.class = int16(min(r.sources[q.source].Class, len(t.shards[0].rings)-1))
	}
	t.shards[o.shard].rings[o.class][0].reserved++
	w.out[k] = append(w.out[k], o)
}

// finish ends a batch: push or hand over what it emitted, account, and go on.
func (w *worker) finish(r *run) {
	s, n := w.stage, len(w.batch)
	busy := r.now - w.began
	w.spent.Busy += busy
	if !w.direct {
		s.running--
	}
	s.done += uint64(n)
	s.batches.Add(uint64(n), uint64(busy))
	s.sojourn.Add(r.now - w.head)
	r.visits += uint64(n)
	w.picker.Charge(s.id, busy)
	next := -1
	for i := range s.edges {
		if next < 0 && w.claim(r, &s.edges[i], w.out[i]) {
			next = i
			continue
		}
		w.flush(r, &s.edges[i], w.out[i])
	}
	for i := range w.batch {
		r.retire(w.batch[i].req, w, false)
	}
	if s.guarded() {
		s.taken.Remove(w.shard)
		if s.active.Has(w.shard) {
			w.touched.Add(s.id)
		}
	}
	if next >= 0 {
		w.handOver(r, &s.edges[next], w.out[next])
		return
	}
	w.stage, w.dry = nil, r.now
	if w.idler.turned(r.now - w.turn) {
		r.brisk.Add(w.id)
	} else {
		r.brisk.Remove(w.id)
	}
	w.loop(r)
}

// flush pushes what was emitted over an edge.
func (w *worker) flush(r *run, e *edge, outs []out) {
	if len(outs) == 0 {
		return
	}
	t := &r.stages[e.To]
	for _, o := range outs {
		t.shards[o.shard].rings[o.class][0].reserved--
		r.push(t, int(o.shard), int(o.class), 0, event{r.now, o.req, int32(w.id)})
	}
	w.touched.Add(t.id)
}

// claim reports whether w may run what it emitted as the next batch at once, under the rules of the engine's direct hand-over.
func (w *worker) claim(r *run, e *edge, outs []out) bool {
	t, n := &r.stages[e.To], len(outs)
	if n == 0 || e.feedback || r.y.Apart || n > t.limit || !r.serve[w.id].Has(t.id) || w.epoch != r.epoch || r.now >= w.turn+r.y.quantum() {
		return false
	}
	k := outs[0].shard
	for _, o := range outs[1:] {
		if o.shard != k || o.class != outs[0].class {
			return false
		}
	}
	waits := false
	for _, class := range t.shards[k].rings {
		waits = waits || class[0].n > 0
	}
	if waits && !t.loose {
		return false
	}
	if waits {
		n += n // what waits finds room, too
	}
	if room, _ := t.room(r, n); room < n {
		return false
	}
	return !t.guarded() || !t.taken.Has(int(k))
}

// handOver goes on with what was emitted over e as a batch.
func (w *worker) handOver(r *run, e *edge, outs []out) {
	t, k := &r.stages[e.To], int(outs[0].shard)
	w.batch = w.batch[:0]
	for _, o := range outs {
		w.batch = append(w.batch, event{r.now, o.req, int32(w.id)})
	}
	t.shards[k].rings[outs[0].class][0].reserved -= len(outs)
	t.entered += uint64(len(outs))
	t.direct += uint64(len(outs))
	if t.guarded() {
		t.taken.Add(k)
	}
	w.begin(r, t, k, true)
	w.signal(r) // others got something, too: their workers shall not wait for this batch
}
