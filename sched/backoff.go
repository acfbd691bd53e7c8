package sched

// backoff is a wait that doubles: what was tried in vain is tried again later each time.
type backoff struct {
	at   int64 // when it is time
	wait int64 // ns from then to the next time, the first of these set by whoever owns it
}

func (b *backoff) due(now int64) bool { return now >= b.at }

// again puts off the next time by the wait, and doubles that, up to most.
func (b *backoff) again(now, most int64) { b.at, b.wait = now+b.wait, min(2*b.wait, most) }
