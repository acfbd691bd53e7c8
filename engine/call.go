package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/internal/yield"
)

// Reply is the way back to a caller. An event type that embeds a Reply can be sent with Call; the reply travels with the event, and with
// what is derived from it, until some handler sends the answer. The first Send or Lost wins; later ones, and all of them once the
// caller has left, do nothing. The zero Reply answers nobody. A Reply may be copied and used by any goroutine.
//
// The engine answers with the reason, by Lost, where the event is dropped, fails without a failure edge, or is left when the engine
// closes. Where handlers let go of the event without an answer, the caller waits until its context ends, or gets ErrNoReply when the
// engine has.
type Reply[R any] struct {
	to  *callOf[R]
	gen uint64
}

// call is the untyped half of a caller's slot. Slots are reused; the generation tells a late answer from one that is due.
type call struct {
	// state is generation<<2 | phase. Written by CAS: the caller opens and abandons, whoever answers moves it from open over writing
	// to done.
	state  atomic.Uint64
	err    error         // written while writing, read when done
	answer chan struct{} // capacity 1: told once for each done
}

const (
	open = iota
	writing
	done
	phaseBits = 2
)

func callState(gen, phase uint64) uint64 { return gen<<phaseBits | phase }

// adviseAt is the use of a slot at which the engine looks whether most of its input comes by Call.
const adviseAt = 10_000

type callOf[R any] struct {
	call
	value R // as err
}

// Send answers with v. c is the context of the handler that sends; the caller is then woken when the batch is done, together with the
// others. Outside a handler c is nil and the caller is woken at once.
func (r Reply[R]) Send(c *Context, v R) {
	if r.to == nil || !r.to.take(r.gen) {
		return
	}
	r.to.value = v
	r.to.finish(c, r.gen)
}

// Lost answers with an error. The engine finds it by its name in whatever event carries a Reply; an event type may have a Lost of its own
// instead, which is called by workers and must not block or leave its goroutine.
func (r Reply[R]) Lost(err error) {
	if r.to == nil || !r.to.take(r.gen) {
		return
	}
	r.to.err = err
	r.to.finish(nil, r.gen)
}

// hears reports whether the caller still waits for an answer.
func (r Reply[R]) hears() bool { return r.to != nil && r.to.state.Load() == callState(r.gen, open) }

// take claims the right to answer.
func (k *call) take(gen uint64) bool {
	yield.Point()
	return k.state.CompareAndSwap(callState(gen, open), callState(gen, writing))
}

// finish publishes the answer and wakes the caller, or leaves that to the end of the batch.
func (k *call) finish(c *Context, gen uint64) {
	yield.Point()
	release.Store(&k.state, callState(gen, done)) // pairs with the load in leave; await synchronizes by the channel
	if c != nil && c.stage != nil && c.w != nil {
		c.w.replies = append(c.w.replies, k)
		return
	}
	yield.To(k.answer) <- struct{}{}
}

// sendReplies wakes the callers that the batch answered.
func (w *worker) sendReplies() {
	if len(w.replies) == 0 {
		return
	}
	for i, k := range w.replies {
		yield.To(k.answer) <- struct{}{}
		w.replies[i] = nil
	}
	w.replied += len(w.replies)
	w.replies = w.replies[:0]
}

// Call submits what event returns, which carries the reply it is given, and waits for the answer or until ctx ends. The error is that of
// Submit, ctx's, the one the event was lost with, or ErrNoReply. An event that is handled without an answer keeps its caller waiting until
// ctx ends or the engine does: give ctx a deadline. Stages that observe deadlines (StageConfig.Deadlines) discard the event once it has
// passed. Any goroutine may call it but a worker's, for a handler that waits for its own engine
// can wait for ever.
func Call[T interface{ Lost(error) }, R any](ctx context.Context, to *Stage[T], event func(Reply[R]) T) (R, error) {
	var none R
	if err := ctx.Err(); err != nil {
		return none, to.inlet.fail(err) // its deadline has passed, or the caller has left
	}
	pool := poolOf[R](to.e)
	k := pool.get()
	gen := k.state.Load() >> phaseBits
	if gen == adviseAt && to.e.kind == Pinned {
		to.e.adviseShared(pool.calls())
	}
	if err := to.inlet.submit(ctx, event(Reply[R]{k, gen}), to.noteOf(ctx)); err != nil {
		pool.leave(k, gen)
		return none, err
	}
	if m := to.e.manual; m != nil && !m.canWait(ctx, func() bool { return len(k.answer) > 0 }) {
		pool.leave(k, gen)
		return none, to.inlet.fail(fmt.Errorf("%w: %w", ErrNoReply, errStuck))
	}
	return pool.await(ctx, k, gen)
}

// noteOf returns the note of an event that is submitted under ctx.
func (s *stageCore) noteOf(ctx context.Context) note {
	n := noNote
	if s.noted {
		if at, ok := ctx.Deadline(); ok {
			n.deadline = s.e.now().add(s.e.until(at))
		}
	}
	return n
}

// until returns how long it is until a deadline.
func (e *Engine) until(deadline time.Time) time.Duration {
	if e.manual != nil {
		return e.manual.left(deadline)
	}
	return time.Until(deadline)
}

// callPool holds the slots for one answer type of one engine.
type callPool[R any] struct {
	free sync.Pool
	mu   sync.Mutex
	all  []weak.Pointer[callOf[R]] // every slot that may be in use: what the end of the engine has to answer
}

// abandoner is a callPool of any type.
type abandoner interface{ abandon(err error) }

func poolOf[R any](e *Engine) *callPool[R] {
	key := reflect.TypeFor[R]()
	if p, ok := e.calls.Load(key); ok {
		return p.(*callPool[R])
	}
	p, _ := e.calls.LoadOrStore(key, new(callPool[R]))
	return p.(*callPool[R])
}

// calls returns how many calls there were, as far as the collector has left their slots.
func (p *callPool[R]) calls() (n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.all {
		if k := w.Value(); k != nil {
			n += k.state.Load() >> phaseBits
		}
	}
	return n
}

func (p *callPool[R]) get() *callOf[R] {
	if k, ok := p.free.Get().(*callOf[R]); ok {
		return k
	}
	k := &callOf[R]{call: call{answer: make(chan struct{}, 1)}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == cap(p.all) { // before growing: forget what the collector took
		p.all = slices.DeleteFunc(p.all, func(w weak.Pointer[callOf[R]]) bool { return w.Value() == nil })
	}
	p.all = append(p.all, weak.Make(k))
	return k
}

// put makes the slot free for the next call: with a new generation nobody can answer the old one.
func (p *callPool[R]) put(k *callOf[R], gen uint64) {
	var none R
	k.value, k.err = none, nil
	yield.Point()
	release.Store(&k.state, callState(gen+1, open)) // a late answer expects open in this generation, and sees done or the next
	p.free.Put(k)
}

func (p *callPool[R]) await(ctx context.Context, k *callOf[R], gen uint64) (R, error) {
	if ctx.Done() == nil {
		<-yield.From(k.answer)
		return p.answered(k, gen)
	}
	select {
	case <-k.answer:
		return p.answered(k, gen)
	case <-yield.Unless(ctx.Done(), k.answer):
	}
	if v, err, answered := p.leave(k, gen); answered {
		return v, err
	}
	var none R
	return none, ctx.Err()
}

func (p *callPool[R]) answered(k *callOf[R], gen uint64) (R, error) {
	v, err := k.value, k.err
	p.put(k, gen)
	return v, err
}

// leave ends a call whose caller does not wait any more. If an answer came at the last moment it is returned, and the slot is not
// used again, since its wake-up may still be on the way.
func (p *callPool[R]) leave(k *callOf[R], gen uint64) (v R, err error, answered bool) {
	yield.Point()
	if k.state.CompareAndSwap(callState(gen, open), callState(gen+1, open)) {
		p.free.Put(k)
		return v, nil, false
	}
	yield.Until(func() bool { return k.state.Load() == callState(gen, done) }) // somebody may be between take and finish
	return k.value, k.err, true
}

// abandon answers every call that is still open. No handler runs any more.
func (p *callPool[R]) abandon(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.all {
		if k := w.Value(); k != nil {
			Reply[R]{k, k.state.Load() >> phaseBits}.Lost(err)
		}
	}
}
