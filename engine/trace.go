package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seda-go/seda/sched"
)

// traceLine is one line of a trace, which is JSON: the first has the system, each further one a snapshot that the policy was shown, and what it
// decided.
type traceLine struct {
	System   *sched.System   `json:"system,omitempty"`
	Serve    [][]int         `json:"serve,omitempty"`    // with System: the assignment at first
	Assigned bool            `json:"assigned,omitempty"` // with System: by Config.Assign, so that it stays
	Snapshot *sched.Snapshot `json:"snapshot,omitempty"`
	Changes  []sched.Change  `json:"changes,omitempty"`
	Lost     int             `json:"lost,omitempty"` // so many lines are missing before this one: the writer did not keep up

	sojourns []sched.Histogram // memory for Snapshot
}

// tracer writes lines in a goroutine of its own, so that the control loop waits for no writer.
type tracer struct {
	w     io.Writer
	log   *slog.Logger
	lines chan *traceLine
	free  chan *traceLine
	lost  int // the loop's
	stop  chan struct{}
	gone  chan struct{}
}

// traceLines is how many lines may wait for the writer: a third of a second.
const traceLines = 64

func newTracer(w io.Writer, log *slog.Logger) *tracer {
	return &tracer{
		w: w, log: log, lines: make(chan *traceLine, traceLines), free: make(chan *traceLine, traceLines),
		stop: make(chan struct{}), gone: make(chan struct{}),
	}
}

// run writes until it is stopped, and then what is left. After an error it only takes lines away.
func (t *tracer) run() {
	defer close(t.gone)
	out, failed := json.NewEncoder(t.w), false
	for {
		var l *traceLine
		select {
		case l = <-t.lines:
		case <-t.stop:
			select {
			case l = <-t.lines:
			default:
				return
			}
		}
		if err := t.write(out, l, failed); err != nil && !failed {
			failed = true
			t.log.Error("trace cannot be written: the rest of it is missing", "err", err)
		}
		if l.System == nil {
			select {
			case t.free <- l:
			default:
			}
		}
	}
}

func (t *tracer) write(out *json.Encoder, l *traceLine, failed bool) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &PanicError{Value: cause, Stack: debug.Stack()}
		}
	}()
	if failed {
		return nil
	}
	return out.Encode(l)
}

// end returns when everything is written, or the writer has taken too long over it.
func (t *tracer) end() {
	close(t.stop)
	if !within(t.gone, controlLeaves) {
		t.log.Error("the writer of the trace has not returned: its goroutine is left behind")
	}
}

// within reports whether c is closed before that time is over.
func within(c <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
		return false
	}
}

// put notes what the policy was shown, and what came of it. With no trace, t is nil.
func (t *tracer) put(s *sched.Snapshot, changes []sched.Change) {
	if t == nil {
		return
	}
	var l *traceLine
	select {
	case l = <-t.free:
	default:
		l = &traceLine{Snapshot: &sched.Snapshot{}}
	}
	l.show(s)
	l.Changes, l.Lost = append(l.Changes[:0], changes...), t.lost
	select {
	case t.lines <- l:
		t.lost = 0
	default:
		t.lost++
	}
}

// show copies all of s into the line, and its memory.
func (l *traceLine) show(s *sched.Snapshot) {
	to := l.Snapshot
	workers, stages, sources := append(to.Workers[:0], s.Workers...), append(to.Stages[:0], s.Stages...), append(to.Sources[:0], s.Sources...)
	for i := range stages {
		if h := stages[i].Sojourn; h != nil {
			if l.sojourns == nil {
				l.sojourns = make([]sched.Histogram, len(stages))
			}
			l.sojourns[i] = *h
			stages[i].Sojourn = &l.sojourns[i]
		}
	}
	*to = *s
	to.Workers, to.Stages, to.Sources = workers, stages, sources
}

// Replayed is one look of a policy at a recorded snapshot.
type Replayed struct {
	At   Time
	Then []sched.Change // what was decided when the trace was written
	Now  []sched.Change // and what the policy would have decided
}

// Replay shows the snapshots of a trace (Config.Trace) to another policy, or to the same again, and returns what either decided, look by look; looks at
// which neither decided anything are left out. The policy sees its own plan as the one that holds, but what happened is what the recorded policy brought about.
// Its faults are contained as those of a running engine's policy. A trace that ends in the middle of a line gives an error, and the looks before it.
func Replay(trace io.Reader, m sched.Maker) (looks []Replayed, err error) {
	in := json.NewDecoder(trace)
	var first traceLine
	switch err := in.Decode(&first); {
	case err == io.EOF:
		return nil, errors.New("replay: the trace is empty")
	case err != nil:
		return nil, fmt.Errorf("replay: the first line: %w", err)
	case first.System == nil:
		return nil, errors.New("replay: the first line has no system: not the beginning of a trace")
	}
	p, err := m(first.System)
	if err != nil {
		return nil, fmt.Errorf("replay: policy: %w", err)
	}
	holds := sched.Plan{Serve: first.Serve}
	for {
		var l traceLine
		switch err := in.Decode(&l); {
		case err == io.EOF:
			return looks, nil
		case err != nil:
			return looks, fmt.Errorf("replay: %w", err)
		case l.Snapshot == nil:
			continue
		}
		holds.Epoch = l.Snapshot.Epoch
		d := sched.NewDraft(first.System, holds)
		r := Replayed{At: Time(l.Snapshot.Now), Then: l.Changes}
		if err := judge(p, first.System, l.Snapshot, d, first.Assigned); err != nil {
			r.Now = []sched.Change{faultOf(err)}
		} else if len(d.Changes) > 0 {
			r.Now, holds = slices.Clone(d.Changes), d.Plan
		}
		if len(r.Then)+len(r.Now) > 0 {
			looks = append(looks, r)
		}
	}
}
