package engine

import (
	"fmt"
	"runtime/debug"
	"time"
)

// QueueInfo is what StageConfig.Admit is told of the queue that an event is about to join.
type QueueInfo struct {
	Inlet    string
	Class    int
	Depth    int           // events that wait in the inlet's rings
	Capacity int           // and how many fit
	HeadAge  time.Duration // how long the oldest of them has waited; 0 if there is none
	Limit    int           // so many may wait by the policy's limit; 0: as many as fit
	// Sampled is what Stage.Sample found in the stage not long ago: it is renewed every 50 ms or so while batches are taken. nil before the
	// first time. It must not be changed.
	Sampled *Backlog
}

// sampledEvents is how many events are described for QueueInfo.Sampled.
const sampledEvents = 32

// ask asks the stage's Admit about v. It returns nil if v may come in, else v is counted as refused, and the control loop restarted: what Admit goes by may
// be as old as the loop's sleep, and would stay so while nothing comes in.
func (in *Inlet[T]) ask(v T) (err error) {
	if in.stage.admit == nil {
		return nil
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = in.fail(fmt.Errorf("admit: %w", &PanicError{Value: cause, Stack: debug.Stack()}))
		}
		if err != nil {
			in.refused.Add(1)
			in.limited.Add(1)
			in.stage.e.controller.stir()
		}
	}()
	if !in.stage.admit(v, in.info()) {
		return in.errDeclined
	}
	return nil
}

func (in *Inlet[T]) info() QueueInfo {
	q := QueueInfo{Inlet: in.name, Class: in.class, Depth: in.queued(), Capacity: in.room, Sampled: in.stage.recent.Load()}
	q.HeadAge = time.Duration(in.headAge(in.stage.e.now()))
	if a := in.limit.Load(); a != nil {
		q.Limit = a.depth
	}
	return q
}

// resample keeps QueueInfo.Sampled fresh: it takes the answer to its last request, if there is one by now, and makes the next. It does so in the
// manner of Sample, and in turn with its callers, but never waits.
func (s *Stage[T]) resample() {
	if s.admit == nil {
		return
	}
	if a := s.resampling; a != nil {
		if !a.answered() {
			return
		}
		b := s.backlog()
		b.Batch, b.Events = a.batch, a.events
		s.recent.Store(&b)
		s.resampling = nil
		<-s.asking
	}
	select {
	case s.asking <- struct{}{}:
		s.resampling = &ask{most: sampledEvents, done: make(chan struct{})}
		s.asked.Store(s.resampling)
	default: // a caller of Sample is faster
	}
}
