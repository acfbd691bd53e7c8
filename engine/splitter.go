package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Splitter takes events for several stages at once, all or nothing. It is a serial stage of its own, with an edge that blocks to each
// of the stages: a submission is one event in its ring, so that accepting it takes a single push and reserves nothing, and what was
// accepted reaches its stages however full they are. NewSplitter makes it; SubmitAll and TrySubmitAll may be called by any goroutine.
//
// Submissions of one goroutine enter each stage in the order in which they were made, and any two submissions enter all of their stages in the same
// order: serial stages handle them so, keyed stages those with equal keys. The price is that a full stage holds up
// later submissions, also those that have nothing for it.
type Splitter struct {
	stage *Stage[submission]
}

// SplitterConfig describes a splitter. The zero value of each field but Name is a good default.
type SplitterConfig struct {
	// Name is unique among the names of the engine's stages: in statistics, logs, profiles and Config.Assign a splitter is a stage, whose
	// events are submissions.
	Name string
	// Capacity is how many submissions may wait, a power of two. Default 1024.
	Capacity int
	// Waiters is how many calls of SubmitAll may wait for room at the same time, as in StageConfig.
	Waiters int
}

// splitterBatch bounds what a batch of submissions may owe to one stage: 16 times 1,024 events.
const splitterBatch = 16

// NewSplitter adds a splitter for the given stages to an engine that has not been started. What is wrong with it Start reports.
func NewSplitter(e *Engine, c SplitterConfig, to ...Node) *Splitter {
	sp := &Splitter{Add(e, StageConfig[submission]{
		Name: c.Name, Capacity: c.Capacity, Waiters: c.Waiters, Serial: true,
		MaxBatch: max(min(splitterBatch, or(c.Capacity, defaultCapacity)), 1),
	})}
	s := sp.stage
	if e.frozen() {
		return sp
	}
	if len(to) == 0 {
		s.flaws = append(s.flaws, errors.New("is a splitter without stages"))
	}
	for i, t := range to {
		switch {
		case missing(t):
			s.flaws = append(s.flaws, fmt.Errorf("is a splitter whose stage number %d is nil", i+1))
		case s.edgeTo(t.core()) >= 0:
			s.flaws = append(s.flaws, fmt.Errorf("is a splitter that names stage %q twice", t.core().name))
		default:
			t.core().run.connectFrom(s)
		}
	}
	s.Handle(func(c *Context, parts submission) error {
		for _, p := range parts {
			p.emit(c, p.over)
		}
		return nil
	})
	return sp
}

func (s *Stage[T]) connectFrom(from Node) { Connect(from, s) }

// edgeTo returns which of the edges that start at s leads to t, the first of them, or -1.
func (s *stageCore) edgeTo(t *stageCore) int {
	return slices.IndexFunc(s.outs, func(ed outEdge) bool { return ed.core().target == t })
}

// Part is the events for one stage in a submission. For makes it; the zero Part has none. A Part does not change and may be submitted
// again.
type Part struct{ partOf }

// partOf is a part of events of any type.
type partOf interface {
	to() *stageCore // nil: the caller had no stage
	size() int
	sharded() error // an error if an event has no shard
	emit(c *Context, over outEdge)
	lose(err error)
}

type part[T any] struct {
	stage  *Stage[T]
	events []T
}

// For returns the events for one stage of a submission: one or more, in order. It copies vs.
func For[T any](to *Stage[T], vs ...T) Part { return Part{part[T]{to, slices.Clone(vs)}} }

func (p part[T]) to() *stageCore {
	if p.stage == nil {
		return nil
	}
	return &p.stage.stageCore
}

func (p part[T]) size() int { return len(p.events) }

func (p part[T]) sharded() error {
	if len(p.stage.shards) == 1 {
		return nil
	}
	for _, v := range p.events {
		if _, err := p.stage.trySharding(v); err != nil {
			return fmt.Errorf("key: %w", err)
		}
	}
	return nil
}

func (p part[T]) emit(c *Context, over outEdge) { over.(*Edge[T]).EmitBatch(c, p.events) }

func (p part[T]) lose(err error) {
	for i := range p.events {
		lose(&p.events[i], err)
	}
}

// submission is the event of a splitter.
type submission []piece

// piece is a part and the edge it takes.
type piece struct {
	partOf
	over outEdge
}

// Lost answers the replies of all events of the submission.
func (s submission) Lost(err error) {
	for _, p := range s {
		p.lose(err)
	}
}

// SubmitAll hands the events of all parts to their stages, or none of them. It waits while the splitter's ring is full, until ctx ends. When
// it returns nil every event will be delivered, unless the engine is closed first: each enters its stage as if emitted on an edge that
// blocks, with no deadline and class 0. Otherwise none was accepted: the error is ctx's, ErrRefused (too many calls are waiting already), ErrClosed,
// ErrNotStarted, ErrWrongStage (a part's stage is not one of the splitter's), ErrRunaway (more than 1,024 events for one stage), or a
// *PanicError of a stage's Key. Parts without events are left out; a submission without events does nothing.
//
// It costs a Submit, and allocations for the submission and for each part. Statistics count a submission as one event of the splitter.
func (sp *Splitter) SubmitAll(ctx context.Context, parts ...Part) error {
	s, err := sp.split(parts)
	if len(s) == 0 {
		return err
	}
	return sp.stage.Submit(ctx, s)
}

// TrySubmitAll is SubmitAll without waiting: when the splitter's ring is full it returns ErrFull.
func (sp *Splitter) TrySubmitAll(parts ...Part) error {
	s, err := sp.split(parts)
	if len(s) == 0 {
		return err
	}
	return sp.stage.TrySubmit(s)
}

// split returns the submission, or why there can be none.
func (sp *Splitter) split(parts []Part) (submission, error) {
	in := sp.stage.inlet
	if !in.open.Load() {
		return nil, in.errNotStarted
	}
	outs := sp.stage.outs
	sizes := make([]int, len(outs)) // by edge
	sub := make(submission, 0, len(parts))
	for _, p := range parts {
		if p.partOf == nil {
			continue
		}
		to := p.to()
		if to == nil {
			return nil, in.fail(fmt.Errorf("%w: a part names none", ErrWrongStage))
		}
		k := sp.stage.edgeTo(to)
		if k < 0 {
			return nil, in.fail(fmt.Errorf("%w: %s is not one the splitter was made for", ErrWrongStage, to.name))
		}
		if sizes[k] += p.size(); sizes[k] > runaway {
			return nil, in.fail(fmt.Errorf("%w: %d for stage %s, want at most %d", ErrRunaway, sizes[k], to.name, runaway))
		}
		if err := p.sharded(); err != nil {
			return nil, in.fail(fmt.Errorf("stage %s: %w", to.name, err))
		}
		if p.size() > 0 {
			sub = append(sub, piece{p.partOf, outs[k]})
		}
	}
	return sub, nil
}
