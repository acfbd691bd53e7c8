package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// passing is a debt, or an event that is pending, and the ring it goes to. It goes there as soon as any of these was looked at.
type passing struct{ owes, defers, waits int }

func (p *passing) pay() { p.owes, p.defers, p.waits = 0, 0, p.waits+p.owes+p.defers }

type owingEdge struct {
	outEdge
	*passing
}

func (ed owingEdge) owedByAll() int {
	defer ed.pay()
	return ed.owes
}

func (ed owingEdge) pending() int {
	defer ed.pay()
	return ed.defers
}

type fedStage struct {
	stageRun
	*passing
}

func (s fedStage) queued() (waiting, held int) {
	defer s.pay()
	return s.waits, 0
}

func (s fedStage) batches() uint64 { return 0 }

func (s fedStage) awaited() int { return 0 }

// A worker that has announced its sleep looks at its debts once more, and may pay one between drained's looks.
func TestDrainedSeesADebtThatIsBeingPaid(t *testing.T) { drainedSees(t, &passing{owes: 1}) }

// A worker that wakes up for a timer may send its event and sleep again between drained's looks.
func TestDrainedSeesAnEventWhoseTimeComes(t *testing.T) { drainedSees(t, &passing{defers: 1}) }

func drainedSees(t *testing.T, p *passing) {
	e := &Engine{workers: []*worker{{}}}
	to := &stageCore{e: e, run: fedStage{passing: p}}
	from := &stageCore{e: e, run: fedStage{passing: new(passing)}, id: 1, outs: []outEdge{owingEdge{passing: p}}}
	e.stages = []*stageCore{to, from}
	e.parked.set(0)
	require.False(t, e.drained())
	require.False(t, e.drained(), "it waits in the ring now")
	p.waits = 0
	require.True(t, e.drained())
}

// An event that is to be emitted later is not done, however long all sleep until then.
func TestDrainedWaitsForPendingEvents(t *testing.T) {
	p := newPassOn(t, 1, nil, false)
	now := Time(1)
	p.e.virtual = func() Time { return now }
	p.from.handle = func(c *Context, v int) error { p.toEdge.After(c, time.Hour, v); return nil }
	require.NoError(t, p.from.TrySubmit(1))
	turn(t, p.e, 0)
	fallAsleep(t, p.e, 0)
	require.False(t, p.e.drained())
	now += Time(time.Hour)
	p.e.workers[0].now = now
	p.e.workers[0].fire()
	turn(t, p.e, 0)
	require.True(t, p.e.drained())
}
