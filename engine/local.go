package engine

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// Local is state of type S that the handlers of one stage need not share: one for each worker, or thread of a blocking stage, or,
// in a serial or keyed stage, one for each shard, which then belongs to the keys of that shard wherever they are handled. NewLocal makes it.
type Local[S any] struct {
	stage *stageCore
	make  func() S
	cells []*cell[S]
}

// cell keeps a state apart from those of other workers.
type cell[S any] struct {
	_     [cacheLine]byte
	state S
	_     [cacheLine]byte
}

// local is a Local of any type.
type local interface{ open(cells int) error }

// NewLocal gives a stage state of its own. init makes one of them, and is called by Start, once for each; nil stands for the zero value.
// If it panics Start fails with a *PanicError. Call NewLocal before Start.
func NewLocal[S any](stage Node, init func() S) *Local[S] {
	if missing(stage) {
		panic("engine: NewLocal of a stage that is nil")
	}
	l := &Local[S]{stage: stage.core(), make: init}
	if l.stage.tooLate("local state") {
		return l
	}
	l.stage.locals = append(l.stage.locals, l)
	return l
}

func (l *Local[S]) open(n int) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("stage %q: init of local state: %w", l.stage.name, &PanicError{Value: cause, Stack: debug.Stack()})
		}
	}()
	for range n {
		c := new(cell[S])
		if l.make != nil {
			c.state = l.make()
		}
		l.cells = append(l.cells, c)
	}
	return nil
}

// Get returns the state that belongs to the handler's worker, or to the shard it is running. Only the stage's own handlers may call it,
// with the context they were given; it panics otherwise. Nobody else touches the state until the handler returns. It costs a few
// loads.
func (l *Local[S]) Get(c *Context) *S {
	if c == nil || c.stage != l.stage {
		panic(fmt.Sprintf("engine: local state of stage %s outside its handler", l.stage.name))
	}
	return &l.cells[c.cell].state
}

// All returns every state, in no particular order. Call it when no handler runs: before the first event, or after Drain or Close.
func (l *Local[S]) All() iter.Seq[*S] {
	return func(yield func(*S) bool) {
		for _, c := range l.cells {
			if !yield(&c.state) {
				return
			}
		}
	}
}

// cells is how many states a Local of the stage has.
func (s *stageCore) cells(hands int) int {
	if s.guarded {
		return len(s.tokens)
	}
	return hands
}
