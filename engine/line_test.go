package engine

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// newLine returns a line before rings of eight slots, of which room says how many are free.
func newLine(most int) (l *line, room *int, sealed *bool) {
	l, room, sealed = &line{total: new(atomic.Int32), most: most, half: 4}, new(int), new(bool)
	l.room = func() int { return *room }
	l.sealed = func() bool { return *sealed }
	l.now = func() Time { return 0 }
	return l, room, sealed
}

// joined puts a call into the line.
func joined(t *testing.T, l *line) *waiter {
	t.Helper()
	w := &waiter{room: make(chan struct{}, 1)}
	require.True(t, l.join(w, false))
	return w
}

// heard reports whether the call was told of room, and has it hear that.
func heard(w *waiter) bool {
	select {
	case <-w.room:
		return true
	default:
		return false
	}
}

func TestLineIsBounded(t *testing.T) {
	l, room, _ := newLine(2)
	a, b := joined(t, l), joined(t, l)
	require.True(t, a.first)
	require.False(t, b.first, "it waits to be told")
	require.False(t, l.join(&waiter{}, false))
	require.EqualValues(t, 2, l.total.Load())
	*room = 4
	l.relieve()
	require.True(t, heard(a))
	require.True(t, heard(b))
	require.Zero(t, l.waiting.Load())
	joined(t, l)
	joined(t, l)
	require.True(t, l.join(a, true), "it stood here before")
	require.True(t, a.first)
	require.Equal(t, a, l.queue.Front().Value)
}

// Half of the slots have to be free before anybody is told, and then as many are told as there are.
func TestLineIsToldOfRoom(t *testing.T) {
	l, room, _ := newLine(10)
	var all []*waiter
	for range 6 {
		all = append(all, joined(t, l))
	}
	*room = 3
	l.relieve()
	require.False(t, heard(all[0]))
	*room = 4
	l.relieve()
	for i, w := range all {
		require.Equal(t, i < 4, heard(w), "call %d", i)
	}
	require.EqualValues(t, 2, l.waiting.Load())
	require.EqualValues(t, 2, l.total.Load())
}

// Who leaves has the next one told if that one might not be: it used what it was told of, or there is room for more.
func TestLeavingTheLine(t *testing.T) {
	for _, c := range []struct {
		name    string
		tellA   bool
		room    int
		bIsTold bool
	}{
		{"told, and there is room for one", true, 1, true},
		{"not told, and there is room for many", false, 4, true},
		{"not told, and there is little room", false, 1, false},
		{"told, and the room is used", true, 0, false},
	} {
		l, room, _ := newLine(10)
		a, b := joined(t, l), joined(t, l)
		if c.tellA {
			l.mu.Lock()
			l.tell(1)
			l.mu.Unlock()
			require.True(t, heard(a))
		}
		*room = c.room
		l.leave(a)
		require.Equal(t, c.bIsTold, heard(b), c.name)
	}
}

// A worker never waits for the line's lock: whoever holds it does the worker's part.
func TestWorkerFindsTheLineLocked(t *testing.T) {
	l, room, _ := newLine(10)
	a := joined(t, l)
	*room = 8
	l.mu.Lock()
	l.relieve()
	require.False(t, heard(a))
	l.unlock()
	require.True(t, heard(a))
}

// The same when the worker comes after the holder has looked whether one came, and before it gives the lock back.
func TestWorkerFindsTheLineLockedAtTheLastMoment(t *testing.T) {
	l, room, _ := newLine(10)
	a := joined(t, l)
	l.room = func() int {
		if *room == 0 { // the holder looks: nothing is free yet
			*room = 8
			l.relieve()
			return 0
		}
		return *room
	}
	l.again.Store(true)
	l.mu.Lock()
	l.unlock()
	require.True(t, heard(a))
}

// Nobody waits in the line of a closed inlet.
func TestSealedLine(t *testing.T) {
	l, _, sealed := newLine(10)
	a, b := joined(t, l), joined(t, l)
	*sealed = true
	l.leave(a)
	require.True(t, heard(b), "it has not tried, and would wait for ever")
}

func TestSealClosesEveryLane(t *testing.T) {
	var in *Inlet[int]
	byHand(t, 1, nil, func(e *Engine) {
		s := Add(e, StageConfig[int]{Name: "s"})
		in = s.Inlet(InletConfig{Name: "in", Lanes: 3})
		s.Handle(func(*Context, int) error { return nil })
	})
	waiting := joined(t, &in.lines[0])
	in.seal()
	require.True(t, heard(waiting))
	for i := range in.lanes {
		require.False(t, in.lanes[i].push(0, noNote, 0), "lane %d", i)
	}
	require.ErrorIs(t, in.TrySubmit(0), ErrClosed)
}

// Submit and TrySubmit do not overtake calls that wait, whatever room there is.
func TestSubmitDoesNotOvertake(t *testing.T) {
	_, s, _ := oneStage(t, 1, StageConfig[int]{})
	first := joined(t, &s.inlet.lines[0])
	require.ErrorIs(t, s.TrySubmit(1), ErrFull)
	n, err := s.inlet.TrySubmitBatch([]int{1})
	require.Zero(t, n)
	require.ErrorIs(t, err, ErrFull)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, s.Submit(ctx, 1), context.Canceled)
	s.inlet.lines[0].leave(first)
	require.NoError(t, s.Submit(ctx, 1))
}

// A call that joins an empty line tries once more: a worker that made room before may not have seen it.
func TestFirstInLineTriesAgain(t *testing.T) {
	_, s, _ := oneStage(t, 1, StageConfig[int]{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, s.inlet.wait(ctx, 1, 0, noNote))
	require.Zero(t, s.inlet.waiting.Load())
}

// A caller that leaves while the answer is on its way gets it, and nobody else has the slot, whose wake-up is yet to come.
func TestAnsweredSlotIsNotReused(t *testing.T) {
	e, s, _ := oneStage(t, 1, StageConfig[int]{})
	w := e.workers[0]
	w.ctx.stage = &s.stageCore
	pool := poolOf[int](e)
	k := pool.get()
	gen := k.state.Load() >> phaseBits
	Reply[int]{k, gen}.Send(&w.ctx, 7)
	v, err, answered := pool.leave(k, gen)
	require.True(t, answered)
	require.NoError(t, err)
	require.Equal(t, 7, v)
	require.Equal(t, callState(gen, done), k.state.Load(), "answered for good")
	require.NotSame(t, k, pool.get())
	w.sendReplies()
	require.Len(t, k.answer, 1)
}

// A slot that is used again has another generation: answers to the call before do nothing.
func TestSlotsHaveGenerations(t *testing.T) {
	e, _, _ := oneStage(t, 1, StageConfig[int]{})
	pool := poolOf[int](e)
	k := pool.get()
	stale := Reply[int]{k, k.state.Load() >> phaseBits}
	_, _, answered := pool.leave(k, stale.gen)
	require.False(t, answered)
	stale.Send(nil, 1)
	require.Empty(t, k.answer)
	stale = Reply[int]{k, k.state.Load() >> phaseBits}
	stale.Send(nil, 2)
	stale.Send(nil, 3)
	<-k.answer
	v, err := pool.answered(k, stale.gen)
	require.NoError(t, err)
	require.Equal(t, 2, v)
	stale.Lost(errInjected)
	require.Empty(t, k.answer)
}
