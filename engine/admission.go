package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/sched"
)

// admission is a sched.Limit as those who submit read it: with one load, which finds nil where all that fits may come in. It does not change
// once published, but for the bucket. The next limit has a bucket of its own, which begins with the events that are left in this one.
//
// The rate is kept by the generic cell rate algorithm in its form of virtual scheduling (ATM Forum, "Traffic Management Specification 4.0",
// 1996): the bucket is one word, the time at which the next event is due if all come evenly. An event may come early by what the burst allows. Callers that read the
// limit while it is replaced take from the old bucket: a few events, once.
type admission struct {
	depth   int
	age     time.Duration // what has waited for longer expires; 0: not for that reason
	every   int64         // ticks from one event to the next at the rate; 0: any rate
	early   int64         // ticks by which an event may come early
	refused *RefusedError
	due     atomic.Int64 // in ticks. Written by callers
}

const (
	ticksPerNs = 16 // a time in ticks overflows after nine years, and a rate of 10^7 a second is exact to 0.1 %
	mostTicks  = 1 << 60
)

// newAdmission returns what l means, or nil if it lets in all that fits. before is what held until now, or nil: without a rate before the
// bucket is empty, so that a limit begins to limit at once. room is how many events fit.
func newAdmission(l sched.Limit, before *admission, room int, now Time, stage, inlet string) *admission {
	if l.Depth == 0 && l.Rate == 0 && l.Age == 0 {
		return nil
	}
	a := &admission{depth: l.Depth, age: time.Duration(l.Age), refused: &RefusedError{Stage: stage, Inlet: inlet, RetryAfter: time.Duration(l.Retry)}}
	if l.Rate == 0 {
		return a
	}
	burst := room
	if l.Depth > 0 {
		burst = min(burst, l.Depth)
	}
	a.every = int64(max(min(1e9*ticksPerNs/l.Rate, mostTicks), 1))
	a.early = int64(min(float64(a.every)*float64(max(burst, 1)-1), mostTicks))
	full := a.early + a.every
	a.due.Store(int64(now)*ticksPerNs + full - int64(min(before.left(now)*float64(a.every), float64(full))))
	return a
}

// left returns how many events the bucket holds.
func (a *admission) left(now Time) float64 {
	if a == nil || a.every == 0 {
		return 0
	}
	t := int64(now) * ticksPerNs
	return float64(max(t-max(a.due.Load(), t)+a.early+a.every, 0)) / float64(a.every)
}

// take takes up to n events out of the bucket, and returns how many.
func (a *admission) take(now Time, n int) int {
	if a.every == 0 {
		return n
	}
	t := int64(now) * ticksPerNs
	for {
		old := a.due.Load()
		from := max(old, t)
		left := t + a.early - from
		if left < 0 {
			return 0
		}
		n = int(min(int64(n), left/a.every+1))
		if a.due.CompareAndSwap(old, from+int64(n)*a.every) {
			return n
		}
	}
}

// rate returns how many events may come in a second, 0 for any number.
func (a *admission) rate() float64 {
	if a.every == 0 {
		return 0
	}
	return 1e9 * ticksPerNs / float64(a.every)
}

// giveBack puts n events back that were taken for nothing.
func (a *admission) giveBack(n int) {
	if a != nil && a.every > 0 && n > 0 {
		a.due.Add(-int64(n) * a.every)
	}
}

// grant returns how many of n events may come in by the limit a. It looks before they are pushed, so callers that come at the same moment may exceed the
// depth: each lets in what it brings and would fit if it were alone, at most a.depth events, and no more come in until that is gone. To count
// them first would cost all callers one line, for what they write to many with several lanes.
func (in *Inlet[T]) grant(a *admission, n int) int {
	if a.depth > 0 {
		if n = min(n, a.depth-in.queuedUpTo(a.depth)); n <= 0 {
			return 0
		}
	}
	if a.every == 0 {
		return n
	}
	return a.take(in.stage.e.now(), n)
}

// queuedUpTo returns how many events wait in the lanes, or most if there are more.
func (in *Inlet[T]) queuedUpTo(most int) (n int) {
	for i := range in.lanes {
		if in.stage.keyed && !in.stage.mayHave(i) {
			continue
		}
		if n += in.lanes[i].Len(); n >= most {
			return most
		}
	}
	return n
}

// refuse counts n events that the limit keeps out, and restarts the control loop, without which it would keep them out for ever. It costs no allocation.
func (in *Inlet[T]) refuse(a *admission, n int) error {
	if in.lanes[0].gate.Sealed() {
		return in.errClosed
	}
	in.refused.Add(uint64(n))
	in.limited.Add(uint64(n))
	in.stage.e.controller.stir()
	return a.refused
}

// restrict publishes a limit.
func (in *inletCore) restrict(l sched.Limit, now Time, stage string) {
	in.limit.Store(newAdmission(l, in.limit.Load(), in.room, now, stage, in.name))
}

// RefusedError is the error of an event that the engine declined, although it may have had room: an admission limit, or the stage's Admit. errors.Is
// finds ErrRefused in it. The same value is given to everybody: do not change it.
type RefusedError struct {
	Stage, Inlet string
	RetryAfter   time.Duration // when there may be room again; 0: not known
}

// Error names the stage and the inlet.
func (r *RefusedError) Error() string {
	if r.RetryAfter == 0 {
		return fmt.Sprintf("stage %s, inlet %s: %v", r.Stage, r.Inlet, ErrRefused)
	}
	return fmt.Sprintf("stage %s, inlet %s: %v, retry after %v", r.Stage, r.Inlet, ErrRefused, r.RetryAfter)
}

// Unwrap returns ErrRefused.
func (r *RefusedError) Unwrap() error { return ErrRefused }
