package engine_test

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/sched"
)

// kernel is a source whose threads say what the test wants.
type kernel struct {
	origin   func(probes.Metric) (probes.Origin, probes.Reason)
	register func() error
	read     func(v *probes.Values) bool
	cell     func(stage uint32, v *probes.StageValues) bool
	wordless bool

	mu      sync.Mutex
	threads []*seen
}

// seen is a thread of a kernel.
type seen struct {
	k      *kernel
	word   atomic.Uint32
	closed atomic.Int32
}

func (k *kernel) Origin(m probes.Metric) (probes.Origin, probes.Reason) {
	if k.origin != nil {
		return k.origin(m)
	}
	return probes.BPF, probes.Known
}

func (k *kernel) Register() (probes.Thread, error) {
	if k.register != nil {
		if err := k.register(); err != nil {
			return nil, err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.threads = append(k.threads, &seen{k: k})
	return k.threads[len(k.threads)-1], nil
}

func (k *kernel) Close() error { return nil }

// all returns the threads that were ever registered.
func (k *kernel) all() []*seen {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.threads
}

func (s *seen) Word() *atomic.Uint32 {
	if s.k.wordless {
		return nil
	}
	return &s.word
}

func (s *seen) Read(_ int64, v *probes.Values) bool { return s.k.read == nil || s.k.read(v) }

func (s *seen) AddStage(stage uint32, v *probes.StageValues) bool {
	return s.k.cell == nil || s.k.cell(stage, v)
}

func (s *seen) Preemptors() ([]probes.Preemptor, error) {
	return []probes.Preemptor{{Command: "hog", Count: 1, Time: int64(time.Second)}}, nil
}

func (s *seen) Close() error { s.closed.Add(1); return nil }

// What a source says comes to the policy and to Stats, by worker and by stage; the word says where the worker is.
func TestProbesReachPolicyAndStats(t *testing.T) {
	k := &kernel{
		read: func(v *probes.Values) bool {
			*v = probes.Values{OnCPU: 1000, Blocked: 200, RunQueue: 30, Preempted: 4, Voluntary: 5, Involuntary: 6, Migrations: 7, CacheMisses: 800}
			return true
		},
		cell: func(stage uint32, v *probes.StageValues) bool {
			*v = probes.StageValues{Blocked: 100 * int64(stage), RunQueue: 10, Preempted: int64(stage), Voluntary: uint64(stage), Involuntary: 2}
			return true
		},
	}
	var shown atomic.Pointer[sched.Snapshot]
	c := onePinned
	c.Probes = k
	e := newEngine(t, under(c, func(s *sched.Snapshot, _ *sched.Draft) {
		kept := *s
		kept.Workers, kept.Stages = append([]sched.WorkerSample(nil), s.Workers...), append([]sched.StageSample(nil), s.Stages...)
		shown.Store(&kept)
	}))
	words := make(chan uint32, 2)
	a, b := engine.Add(e, stageConfig{Name: "a"}), engine.Add(e, stageConfig{Name: "b"})
	note := func(*engine.Context, int) error { words <- k.all()[0].word.Load(); return nil }
	a.Handle(note)
	b.Handle(note)
	start(t, e)
	submit(t, a, 0, 1)
	first := receive(t, words)
	submit(t, b, 0, 1)
	require.ElementsMatch(t, []uint32{1, 2}, []uint32{first, receive(t, words)})
	eventually(t, "a snapshot with all of it", func() bool {
		s := shown.Load()
		return s != nil && s.Workers[0].Known && s.Stages[0].Known && s.Stages[1].Known && s.Stages[0].Done+s.Stages[1].Done == 2
	})
	s := shown.Load()
	require.Equal(t, sched.Thread{Known: true, OnCPU: 1000, RunDelay: 34, Blocked: 300}, s.Workers[0].Thread)
	require.EqualValues(t, []int64{11, 100}, []int64{s.Stages[0].RunDelay, s.Stages[0].Blocked})
	require.EqualValues(t, []int64{12, 200}, []int64{s.Stages[1].RunDelay, s.Stages[1].Blocked})
	eventually(t, "the worker sleeps", func() bool { return e.Asleep(0) })
	require.Zero(t, k.all()[0].word.Load(), "at nothing")

	st := drain(t, e)
	w := st.Workers[0]
	require.Equal(t, engine.ThreadStats{Known: true, OnCPU: 1000, Blocked: 200, RunQueue: 30, Preempted: 4, Voluntary: 5, Involuntary: 6, Migrations: 7}, w.Thread)
	for _, x := range st.Stages {
		require.True(t, x.Thread.Known)
		require.EqualValues(t, 10, x.Thread.RunQueue)
		require.EqualValues(t, max(x.Busy-x.Thread.Blocked-x.Thread.RunQueue-x.Thread.Preempted, 0), x.Thread.OnCPU)
	}
	require.EqualValues(t, 300, st.Stage("a").Thread.Blocked+st.Stage("b").Thread.Blocked)
	require.EqualValues(t, 1, k.all()[0].closed.Load())
	require.Zero(t, k.all()[0].word.Load())
}

// Of a batch, what the thread was without a CPU is not the handler's: the policy's moments are without it, Busy is with it.
func TestBatchesWithoutWhatOthersTook(t *testing.T) {
	const gone = 10_000 // ns, in each batch
	var batches atomic.Int64
	k := &kernel{cell: func(stage uint32, v *probes.StageValues) bool {
		if stage == 1 {
			v.RunQueue, v.Preempted = gone*batches.Load()/4, gone*batches.Load()*3/4
		}
		return true
	}}
	var shown atomic.Pointer[sched.Moments]
	c := onePinned
	c.Probes = k
	e := newEngine(t, under(c, func(s *sched.Snapshot, _ *sched.Draft) {
		m := s.Stages[0].Batches
		shown.Store(&m)
	}))
	s := engine.Add(e, stageConfig{Name: "s", MaxBatch: 1})
	s.Handle(func(*engine.Context, int) error {
		batches.Add(1)
		for began := time.Now(); time.Since(began) < 50*time.Microsecond; {
		}
		return nil
	})
	start(t, e)
	submit(t, s, 0, 20)
	eventually(t, "the policy sees all batches", func() bool { m := shown.Load(); return m != nil && m.N == 20 })
	st := drain(t, e).Stage("s")
	require.EqualValues(t, 20*gone, uint64(st.Busy)-shown.Load().T)
	require.EqualValues(t, shown.Load().T, shown.Load().BT, "batches of one")
}

// An engine runs on without what a source does not tell, and says so once.
func TestBadProbes(t *testing.T) {
	bad := errors.New("no more slots")
	for name, c := range map[string]struct {
		k    *kernel
		says string
	}{
		"refuses":         {&kernel{register: func() error { return bad }}, "no more slots"},
		"panics at once":  {&kernel{origin: func(probes.Metric) (probes.Origin, probes.Reason) { panic("origin") }}, "panic: origin"},
		"panics later":    {&kernel{register: func() error { panic("register") }}, "panic: register"},
		"panics reading":  {&kernel{read: func(*probes.Values) bool { panic("read") }}, "panic: read"},
		"panics by stage": {&kernel{cell: func(uint32, *probes.StageValues) bool { panic("cell") }}, "panic: cell"},
		"negative":        {&kernel{read: func(v *probes.Values) bool { v.OnCPU = -1; return true }}, "longer than"},
		"too long":        {&kernel{read: func(v *probes.Values) bool { v.Preempted = 1 << 60; return true }}, "longer than"},
		"negative stage":  {&kernel{cell: func(_ uint32, v *probes.StageValues) bool { v.Blocked = -5; return true }}, "longer than"},
		"knows nothing":   {&kernel{read: func(*probes.Values) bool { return false }}, ""},
		"without words":   {&kernel{wordless: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			lines := &engine.LogLines{}
			config := twoPinned
			config.Probes, config.Log = c.k, lines.Log()
			config.Policy = policy(func(*sched.Snapshot, *sched.Draft) {})
			e := engine.New(config)
			t.Cleanup(func() { _ = e.Close() })
			s := add(e, stageConfig{Name: "s"})
			start(t, e)
			submit(t, s, 0, 100)
			st := drain(t, e)
			require.EqualValues(t, 100, st.Stage("s").Completed)
			require.False(t, st.Stage("s").Thread.Known)
			if c.says == "" {
				require.Empty(t, lines.With("probes fail"))
				return
			}
			require.Len(t, lines.With("probes fail"), 1)
			require.Len(t, lines.With("probes fail", "worker=", c.says), 1)
			require.False(t, st.Workers[0].Thread.Known && st.Workers[1].Thread.Known)
			for _, th := range c.k.all() {
				require.EqualValues(t, 1, th.closed.Load(), "is closed all the same")
			}
		})
	}
}

// A source whose threads have room for fewer stages than the engine has tells of workers alone, and the log says so.
func TestProbesWithoutRoomForAllStages(t *testing.T) {
	k := &kernel{cell: func(stage uint32, v *probes.StageValues) bool { return stage < 2 }}
	lines := &engine.LogLines{}
	config := twoPinned
	config.Probes, config.Log = k, lines.Log()
	e := engine.New(config)
	t.Cleanup(func() { _ = e.Close() })
	a, b := add(e, stageConfig{Name: "a"}), add(e, stageConfig{Name: "b"})
	start(t, e)
	submit(t, a, 0, 100)
	submit(t, b, 0, 100)
	st := drain(t, e)
	require.Len(t, lines.With("probes fail", "no room for 2 stages: it tells of workers alone"), 1)
	for i, th := range k.all() {
		require.True(t, st.Workers[i].Thread.Known)
		require.Zero(t, th.word.Load())
		require.EqualValues(t, 1, th.closed.Load())
	}
	require.False(t, st.Stage("a").Thread.Known)
	require.False(t, st.Stage("b").Thread.Known)
}

// No counter falls, though a part of the source knows nothing now and then.
func TestProbesWhoseCountersFall(t *testing.T) {
	var reads atomic.Int64
	k := &kernel{read: func(v *probes.Values) bool {
		if n := reads.Add(1); n%2 == 1 {
			v.CacheMisses, v.Voluntary, v.Involuntary, v.Migrations = 1000, 1000, 1000, 1000
		}
		return true
	}}
	var most atomic.Uint64
	c := onePinned
	c.Probes = k
	e := newEngine(t, under(c, func(s *sched.Snapshot, _ *sched.Draft) { most.Store(max(most.Load(), s.Stages[0].Misses)) }))
	s := add(e, stageConfig{Name: "s"})
	start(t, e)
	eventually(t, "it is read ten times in the middle of batches", func() bool { _ = s.TrySubmit(0); return reads.Load() > 10 })
	st := drain(t, e)
	require.LessOrEqual(t, most.Load(), uint64(1000))
	require.EqualValues(t, []uint64{1000, 1000, 1000}, []uint64{st.Workers[0].Thread.Voluntary, st.Workers[0].Thread.Involuntary, st.Workers[0].Thread.Migrations})
}

// A source that takes its time holds up nobody but the loop, which asks it less often.
func TestSlowProbes(t *testing.T) {
	reading, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	k := &kernel{read: func(*probes.Values) bool {
		once.Do(func() { close(reading); <-goOn })
		return true
	}}
	c := onePinned
	c.Probes = k
	e := newEngine(t, c)
	var handled atomic.Int32
	s := engine.Add(e, stageConfig{Name: "s"})
	s.Handle(func(*engine.Context, int) error { handled.Add(1); return nil })
	start(t, e)
	submit(t, s, 0, 1)
	receive(t, reading)
	submit(t, s, 1, 100)
	eventually(t, "all events are done while the source reads", func() bool { return handled.Load() == 100 })
	close(goOn)
	drain(t, e)
}

// Two engines may have one source, and a worker whose handler leaves its goroutine registers again, and keeps its sums.
func TestProbesOfTwoEnginesAndGoexit(t *testing.T) {
	k := &kernel{
		read: func(v *probes.Values) bool { v.OnCPU, v.Voluntary = 10, 3; return true },
		cell: func(stage uint32, v *probes.StageValues) bool { v.Blocked = int64(stage); return true },
	}
	c := onePinned
	c.Probes, c.Oversubscribe = k, true
	var engines [2]*engine.Engine
	for i := range engines {
		engines[i] = newEngine(t, c)
		s := engine.Add(engines[i], stageConfig{Name: "s"})
		s.Handle(func(_ *engine.Context, v int) error {
			if v == 7 {
				runtime.Goexit()
			}
			return nil
		})
		start(t, engines[i])
		submit(t, s, 0, 10)
	}
	for _, e := range engines {
		st := drain(t, e)
		require.EqualValues(t, 20, st.Workers[0].Thread.OnCPU)
		require.EqualValues(t, 6, st.Workers[0].Thread.Voluntary)
		require.EqualValues(t, 2, st.Stage("s").Thread.Blocked)
	}
	require.Len(t, k.all(), 4)
	for _, th := range k.all() {
		require.EqualValues(t, 1, th.closed.Load())
	}
}

// A worker that is given another thread between two batches of a stage says there, too, what it is at.
func TestWordOfAnotherThread(t *testing.T) {
	k := &kernel{}
	c := onePinned
	c.Probes, c.Oversubscribe = k, true
	e := newEngine(t, c)
	s := engine.Add(e, stageConfig{Name: "s", MaxBatch: 1})
	var left atomic.Bool
	words := make(chan uint32, 1)
	s.Handle(func(*engine.Context, int) error {
		if threads := k.all(); len(threads) > 1 {
			select {
			case words <- threads[len(threads)-1].word.Load():
			default:
			}
			return nil
		}
		time.Sleep(2 * ms) // a period goes by, and the next event is there already
		return nil
	})
	s.Every(ms, func(engine.Time) int {
		if !left.Swap(true) {
			runtime.Goexit()
		}
		return 0
	})
	start(t, e)
	submit(t, s, 0, 10)
	require.EqualValues(t, 1, receive(t, words))
	drain(t, e)
}

// Shared workers have no thread of their own.
func TestSharedWorkersAreNotWatched(t *testing.T) {
	k := &kernel{}
	c := twoShared
	c.Probes = k
	e := newEngine(t, c)
	s := add(e, stageConfig{Name: "s"})
	start(t, e)
	submit(t, s, 0, 10)
	st := drain(t, e)
	require.Empty(t, k.all())
	require.False(t, st.Workers[0].Thread.Known)
	require.False(t, st.Stage("s").Thread.Known)
}
