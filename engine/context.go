package engine

import "fmt"

// Context is what a handler is given beside its events: the means to emit, to reply and to fail. It is valid until the handler returns
// and must stay in the goroutine that called the handler.
type Context struct {
	w      *worker    // nil in blocking stages
	worker int        // index of the hand: w's, or that of a blocking stage's slot. Next to what Emit reads
	stage  *stageCore // whose handler runs; nil between handlers, so that a late Emit is noticed
	seq    uint64     // number of the event, or batch, whose outputs are being emitted
	scope  int        // how many input events that is
	each   bool       // the handler takes single events
	cell   int        // which state of a Local: the shard's, or else the worker's
	now    Time
	note   note   // of the event being handled; noNote in stages without notes and in the batch form
	notes  []note // of the batch, in the batch form of stages with notes
	err    error  // what went wrong inside Emit; fails the event or batch
	failed []failure
	asked  []outEdge // edges on which the batch called After
}

type failure struct {
	i   int
	err error
}

// Now returns when the worker took the batch, without reading a clock.
func (c *Context) Now() Time { return c.now }

// Class returns the class of the event being handled, in a stage with Classes; 0 in a handler of batches.
func (c *Context) Class() int { return int(c.note.class) }

// ClassOf returns the class of event i of the batch, in a stage with Classes.
func (c *Context) ClassOf(i int) int {
	if c.notes == nil {
		return c.Class()
	}
	return int(c.notes[i].class)
}

// Fail makes event i of the batch fail with err and leaves the others alone. What the handler emitted stays emitted. In a handler for
// single events i is 0, the event itself, and its outputs are withdrawn as if the handler had returned err. An index outside the batch
// fails the whole batch.
func (c *Context) Fail(i int, err error) {
	switch {
	case c.stage == nil:
		panic("engine: Fail outside a handler")
	case err == nil:
		c.fault(fmt.Errorf("stage %s: Fail(%d) without an error", c.stage.name, i))
	case i < 0 || i >= c.scope:
		c.fault(fmt.Errorf("stage %s: Fail(%d) in a batch of %d: %w", c.stage.name, i, c.scope, err))
	case c.each:
		c.fault(err)
	default:
		c.failed = append(c.failed, failure{i, err})
	}
}

// begin starts the next event or batch.
func (c *Context) begin(scope int) {
	c.seq++
	c.scope = scope
}

// fault notes the first thing that went wrong with the current event or batch.
func (c *Context) fault(err error) {
	if c.err == nil {
		c.err = err
	}
}

// verdict returns the error of the current event or batch, given what the handler returned, and forgets it.
func (c *Context) verdict(err error) error {
	if c.err != nil {
		err, c.err = c.err, nil
	}
	return err
}
