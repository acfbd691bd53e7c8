package probes_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/probes"
)

// machine is a capable one; changes replace files, and those that are empty are missing.
func machine(changes map[string]string) fstest.MapFS {
	files := map[string]string{
		"proc/sys/kernel/osrelease":           "6.12.3-rc1+deb\n",
		"proc/thread-self/status":             "Name:\tx\nCapEff:\t000001ffffffffff\n",
		"proc/self/uid_map":                   "         0          0 4294967295\n",
		"proc/sys/kernel/perf_event_paranoid": "3\n",
		"sys/kernel/btf/vmlinux":              "btf",
		"sys/kernel/security/lockdown":        "[none] integrity confidentiality\n",
		"sys/bus/event_source/devices/cpu":    "x",
	}
	root := fstest.MapFS{}
	for name, text := range files {
		if change, ok := changes[name]; ok {
			text = change
		}
		if text != "" {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return root
}

func TestFacts(t *testing.T) {
	const (
		ok     = probes.Known
		status = "proc/thread-self/status"
	)
	for name, c := range map[string]struct {
		changes             map[string]string
		bpf, perf, counters probes.Reason
	}{
		"all there":            {nil, ok, ok, ok},
		"no capability":        {map[string]string{status: "CapEff:\t0000000000000000\n"}, probes.NoCapBPF, probes.Paranoid, probes.Paranoid},
		"admin has both":       {map[string]string{status: "CapEff:\t0000000000200000\n"}, ok, ok, ok},
		"CAP_BPF alone":        {map[string]string{status: "CapEff:\t0000008000000000\n"}, probes.NoCapPerfmon, probes.Paranoid, probes.Paranoid},
		"CAP_PERFMON alone":    {map[string]string{status: "CapEff:\t0000004000000000\n"}, probes.NoCapBPF, ok, ok},
		"both":                 {map[string]string{status: "CapEff:\t000000c000000000\n"}, ok, ok, ok},
		"in a user namespace":  {map[string]string{"proc/self/uid_map": "0 1000 1\n"}, probes.UserNamespace, probes.Paranoid, probes.Paranoid},
		"before 5.18":          {map[string]string{"proc/sys/kernel/osrelease": "5.17.0"}, probes.OldKernel, ok, ok},
		"5.18":                 {map[string]string{"proc/sys/kernel/osrelease": "5.18-rc3"}, ok, ok, ok},
		"another major":        {map[string]string{"proc/sys/kernel/osrelease": "4.19.1"}, probes.OldKernel, ok, ok},
		"no BTF":               {map[string]string{"sys/kernel/btf/vmlinux": ""}, probes.NoBTF, ok, ok},
		"locked down":          {map[string]string{"sys/kernel/security/lockdown": "none integrity [confidentiality]\n"}, probes.Lockdown, ok, ok},
		"integrity is enough":  {map[string]string{"sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}, ok, ok, ok},
		"no lockdown":          {map[string]string{"sys/kernel/security/lockdown": ""}, ok, ok, ok},
		"no PMU":               {map[string]string{"sys/bus/event_source/devices/cpu": ""}, ok, ok, probes.NoPMU},
		"paranoid without cap": {map[string]string{status: "CapEff:\t0\n", "proc/sys/kernel/perf_event_paranoid": "2"}, probes.NoCapBPF, ok, ok},
	} {
		t.Run(name, func(t *testing.T) {
			f := probes.ReadFacts(machine(c.changes))
			require.Equal(t, c.bpf, f.BPF())
			require.Equal(t, c.perf, f.Perf())
			require.Equal(t, c.counters, f.Counters())
		})
	}
	require.NotEqual(t, ok, probes.ReadFacts(fstest.MapFS{}).BPF(), "a machine without files")
}

func TestReasons(t *testing.T) {
	for r := probes.Known; ; r++ {
		require.Equal(t, r, probes.ReasonOf(fmt.Errorf("open: %w", errors.Join(errors.New("x"), r))))
		if r.Error() == fmt.Sprint("reason ", int(r)) {
			require.Greater(t, r, probes.Exhausted)
			break
		}
		require.NotEmpty(t, r.Error())
		require.Equal(t, r != probes.Known, r.Remedy() != "", "%v", r.Error())
	}
	require.Equal(t, probes.Denied, probes.ReasonOf(errors.New("x")))
	require.Equal(t, probes.Known, probes.ReasonOf(nil))
}

// fake is a source that sets OnCPU to its value.
type fake struct {
	has      probes.Metrics
	value    int64
	word     *atomic.Uint32
	refuses  bool
	closed   int
	released int
}

func (f *fake) Origin(m probes.Metric) (probes.Origin, probes.Reason) {
	if f.has.Has(m) {
		return probes.Perf, probes.Known
	}
	return probes.None, probes.NoEvent
}

func (f *fake) Register() (probes.Thread, error) {
	if f.refuses {
		return nil, probes.Exhausted
	}
	return fakeThread{f}, nil
}
func (f *fake) Close() error { f.closed++; return nil }

type fakeThread struct{ *fake }

func (f fakeThread) Word() *atomic.Uint32 { return f.word }

func (f fakeThread) Read(_ int64, v *probes.Values) bool {
	if f.has.Has(probes.OnCPU) {
		v.OnCPU = f.value
	}
	if f.has.Has(probes.Cycles) {
		v.Cycles = uint64(f.value)
	}
	return f.has != 0
}

func (f fakeThread) AddStage(stage uint32, v *probes.StageValues) bool {
	v.Blocked += int64(stage)
	return f.has.Has(probes.Stages)
}

func (f fakeThread) Preemptors() ([]probes.Preemptor, error) {
	if f.has.Has(probes.Preemptors) {
		return []probes.Preemptor{{Command: "hog"}}, nil
	}
	return nil, nil
}
func (f fakeThread) Close() error { f.released++; return nil }

func step(f *fake, offers probes.Metrics, asked *probes.Metrics) probes.Step {
	return probes.Step{Offers: offers, Open: func(want probes.Metrics) (probes.Source, error) {
		*asked = want
		return f, nil
	}}
}

func TestClimb(t *testing.T) {
	best := &fake{has: probes.MetricsOf(probes.OnCPU, probes.Preemptors, probes.Stages), value: 1, word: new(atomic.Uint32)}
	second := &fake{has: probes.MetricsOf(probes.Cycles), value: 2}
	spare := &fake{has: probes.MetricsOf(probes.OnCPU), value: 3}
	var asked, askedSecond, askedSpare probes.Metrics
	failure := fmt.Errorf("no room: %w", probes.Lockdown)
	l := probes.Climb(
		probes.Step{Offers: probes.MetricsOf(probes.OnCPU, probes.Switches), Open: func(probes.Metrics) (probes.Source, error) { return nil, failure }},
		step(best, best.has, &asked),
		step(second, probes.MetricsOf(probes.OnCPU, probes.Cycles, probes.Stalled), &askedSecond),
		step(spare, spare.has, &askedSpare),
	)
	require.Equal(t, best.has, asked)
	require.Equal(t, probes.MetricsOf(probes.Cycles, probes.Stalled), askedSecond, "only what is missing")
	require.Zero(t, askedSpare, "left out")
	require.Equal(t, []error{failure}, probes.Failures(l))

	r := probes.ReportOf(l)
	require.Equal(t, probes.Perf, r[probes.OnCPU].Origin)
	require.Equal(t, probes.Known, r[probes.OnCPU].Reason)
	require.Equal(t, probes.Lockdown, r[probes.Switches].Reason)
	require.Equal(t, probes.NoEvent, r[probes.Stalled].Reason)
	require.Equal(t, probes.NotAsked, r[probes.PageFaults].Reason)

	th, err := l.Register()
	require.NoError(t, err)
	require.Same(t, best.word, th.Word())
	var v probes.Values
	require.True(t, th.Read(0, &v))
	require.Equal(t, probes.Values{OnCPU: 1, Cycles: 2}, v)
	var sv probes.StageValues
	require.True(t, th.AddStage(5, &sv))
	list, err := th.Preemptors()
	require.NoError(t, err)
	require.Equal(t, "hog", list[0].Command)
	require.NoError(t, th.Close())
	require.NoError(t, l.Close())
	require.Equal(t, []int{1, 1, 1, 1}, []int{best.closed, second.closed, best.released, second.released})
}

// A source that refuses a thread is done without, unless it is the only one.
func TestRefusedThread(t *testing.T) {
	var asked probes.Metrics
	refuses := &fake{has: probes.MetricsOf(probes.OnCPU), refuses: true}
	other := &fake{has: probes.MetricsOf(probes.Cycles), value: 2}
	l := probes.Climb(step(refuses, refuses.has, &asked), step(other, other.has, &asked))
	th, err := l.Register()
	require.NoError(t, err)
	require.Nil(t, th.Word())
	var v probes.Values
	require.True(t, th.Read(0, &v))
	require.Equal(t, probes.Values{Cycles: 2}, v)

	_, err = probes.Climb(step(refuses, refuses.has, &asked)).Register()
	require.ErrorIs(t, err, probes.Exhausted)
	th, err = probes.Climb().Register()
	require.NoError(t, err, "nothing to be known is no failure")
	require.False(t, th.Read(0, &v))
}

func TestReportText(t *testing.T) {
	var asked probes.Metrics
	f := &fake{has: probes.MetricsOf(probes.Cycles)}
	text := probes.ReportOf(probes.Climb(step(f, probes.MetricsOf(probes.Cycles, probes.TLBMisses), &asked))).String()
	require.Contains(t, text, "cycles          perf\n")
	require.Contains(t, text, "TLB misses      none: the hardware does not count it\n")
	require.Contains(t, text, "\nno source was asked for it: use the sources")
}

func TestHistogram(t *testing.T) {
	var h probes.Histogram
	require.Zero(t, h.Quantile(0.5))
	for ns, bucket := range map[uint64]int{0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 1023: 9, 1024: 10, 1<<32 - 1: 31, 1 << 40: 31} {
		before := h[bucket]
		h.Add(ns)
		require.Equal(t, before+1, h[bucket], "%d ns", ns)
	}
	require.EqualValues(t, 9, h.Count())
	require.EqualValues(t, 1, h.Quantile(0.2))
	require.EqualValues(t, 7, h.Quantile(0.5))
	require.EqualValues(t, 1<<32-1, h.Quantile(1))
}

func TestNowGoesOn(t *testing.T) {
	began, from := time.Now(), probes.Now()
	for probes.Now() < from+1_000_000 {
	}
	require.GreaterOrEqual(t, time.Since(began), time.Millisecond)
	require.Zero(t, testing.AllocsPerRun(100, func() { probes.Now() }))
}
