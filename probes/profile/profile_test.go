package profile

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/probes"
)

//go:noinline
func handler() int { return helper(len(sink)) }

func helper(n int) int {
	for range n {
		sink = sink[1:]
	}
	return len(sink)
}

var sink = make([]int, 1)

// entry is the address of a function's first instruction.
func entry(f any) uint64 { return uint64(reflect.ValueOf(f).Pointer()) }

// returned is an address that a call at the beginning of f could return to.
func returned(f any) uint64 { return entry(f) + 1 }

func testKernel(t *testing.T) *Kernel {
	k, err := readKernel(strings.NewReader(`ffffffff81000000 T _text
ffffffff81000040 t __schedule
ffffffff81000040 T __sched_text_start
ffffffff81000030 T bpf_trace_run4
ffffffff81000080 T do_nanosleep
ffffffffc0000000 t ext_read	[ext]
0000000000000000 A percpu
ffffffff82000000 D data
`))
	require.NoError(t, err)
	return k
}

// off is a thread that was off its CPU for all reasons at one place, and was sampled there.
func off() probes.Stack {
	return probes.Stack{
		Thread: 77, Stage: 2, User: []uint64{entry(strings.Repeat), returned(handler)},
		Kernel:  []uint64{0xffffffff81000035, 0xffffffff81000050, 0xffffffff81000090},
		Blocked: 30e6, RunQueue: 20e6, Preempted: 10e6, Sleeps: 3, Preemptions: 2, Samples: 4,
	}
}

// names lists the functions of a sample, the innermost first.
func names(s *pprof.Sample) (list []string) {
	for _, l := range s.Location {
		for _, line := range l.Line {
			list = append(list, line.Function.Name)
		}
	}
	return list
}

// written is p as its readers find it.
func written(t *testing.T, p *pprof.Profile) *pprof.Profile {
	t.Helper()
	require.NoError(t, p.CheckValid())
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	p, err := pprof.Parse(&b)
	require.NoError(t, err)
	return p
}

func TestOffCPU(t *testing.T) {
	start := time.Unix(1_700_000_000, 5)
	p := written(t, OffCPU([]probes.Stack{{}, off()}, Config{
		Stage:  func(word uint32) string { return []string{"none", "read", "parse"}[word] },
		Worker: func(thread int) string { require.Equal(t, 77, thread); return "w1" },
		Kernel: testKernel(t), Start: start, Duration: time.Second, Comments: []string{"which run"},
	}))
	require.Equal(t, []string{"which run"}, p.Comments)
	require.Equal(t, start.UnixNano(), p.TimeNanos)
	require.EqualValues(t, time.Second, p.DurationNanos)
	require.Equal(t, "blocked", p.DefaultSampleType)
	require.Len(t, p.Sample, 3)
	for i, reason := range []string{"blocked", "runqueue", "preempted"} {
		s := p.Sample[i]
		require.Equal(t, reason, p.SampleType[i].Type)
		require.Equal(t, map[string][]string{"stage": {"parse"}, "worker": {"w1"}, "reason": {reason}}, s.Label)
		require.Equal(t, "__schedule do_nanosleep strings.Repeat "+thisPackage+"handler", strings.Join(names(s), " "))
	}
	require.Equal(t, []int64{30e6, 0, 0, 3, 0}, p.Sample[0].Value)
	require.Equal(t, []int64{0, 20e6, 0, 0, 0}, p.Sample[1].Value)
	require.Equal(t, []int64{0, 0, 10e6, 0, 2}, p.Sample[2].Value)
}

const thisPackage = "github.com/seda-go/seda/probes/profile."

func TestOnCPU(t *testing.T) {
	idle := off()
	idle.Samples = 0
	p := written(t, OnCPU([]probes.Stack{idle, off()}, Config{Rate: 200}))
	require.EqualValues(t, 5e6, p.Period)
	require.Len(t, p.Sample, 1)
	require.Equal(t, []int64{4, 20e6}, p.Sample[0].Value)
	require.Equal(t, map[string][]string{"stage": {"2"}, "worker": {"77"}}, p.Sample[0].Label, "what nobody named")
	require.Equal(t, []string{"strings.Repeat", thisPackage + "handler"}, names(p.Sample[0]), "no kernel, no frames of it")
	p = written(t, OnCPU([]probes.Stack{off()}, Config{Kernel: testKernel(t)}))
	require.Equal(t, "bpf_trace_run4 __schedule do_nanosleep strings.Repeat "+thisPackage+"handler", strings.Join(names(p.Sample[0]), " "), "the scheduler's own work")
}

// An instruction of a function that was inlined names that one, and then the one it stands in, with files and lines.
func TestInlined(t *testing.T) {
	pc := entry(handler)
	for ; len(frames(pc)) < 2; pc++ {
		require.Less(t, pc, entry(handler)+200, "helper is not inlined")
	}
	p := written(t, OnCPU([]probes.Stack{{User: []uint64{pc}, Samples: 1}}, Config{}))
	require.Equal(t, []string{thisPackage + "helper", thisPackage + "handler"}, names(p.Sample[0]))
	for _, line := range p.Location[0].Line {
		require.True(t, strings.HasSuffix(line.Function.Filename, "profile_test.go"), line.Function.Filename)
		require.Positive(t, line.Line)
	}
}

// What cannot be named is there without a name, and time does not get lost.
func TestUnknownFrames(t *testing.T) {
	p := written(t, OffCPU([]probes.Stack{{Blocked: 1, User: []uint64{42, 43}}, {Blocked: 2}}, Config{}))
	require.Len(t, p.Sample, 2)
	require.Equal(t, []string{"[no frames]"}, names(p.Sample[0]), "the longer first")
	require.Equal(t, []string{"[unknown]", "[unknown]"}, names(p.Sample[1]))
	require.Nil(t, p.Sample[1].Location[0].Mapping)
}

func TestNothing(t *testing.T) {
	p := written(t, OffCPU(nil, Config{}))
	require.Empty(t, p.Sample)
	require.NotEmpty(t, p.Mapping)
}

func TestKernel(t *testing.T) {
	k := testKernel(t)
	for pc, want := range map[uint64]string{
		0xffffffff80000000: "[unknown]",
		0xffffffff81000000: "_text",
		0xffffffff8100003f: "bpf_trace_run4",
		0xffffffff81000040: "__schedule",
		0xffffffff81000050: "__schedule",
		0xffffffffc0001234: "ext_read",
	} {
		require.Equal(t, want, k.Name(pc), "%x", pc)
	}
	stack := []uint64{0xffffffff81000035, 0xffffffff81000050, 0xffffffff81000090}
	require.Equal(t, stack[1:], k.withoutProbes(stack))
	require.Equal(t, stack[2:], k.withoutProbes(stack[2:]), "not in the scheduler")
	require.Empty(t, k.withoutProbes(nil))

	_, err := readKernel(strings.NewReader("0000000000000000 T _text\n"))
	require.ErrorIs(t, err, ErrHidden)
	_, err = readKernel(strings.NewReader(strings.Repeat("x", 1<<20)))
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrHidden)
}

func TestMaps(t *testing.T) {
	list := parseMaps([]byte(`7ff000-7ff100 r-xp 00000000 00:00 0                                  [vdso]
400000-5d4000 r-xp 00001000 fe:00 104   /my bin/program (deleted)
5d4000-600000 r--p 001d4000 fe:00 104   /my bin/program (deleted)
700000-701000 rwxp 00000000 00:00 0
nonsense
800000 r-xp 00000000 00:00 0 nonsense
`), "/my bin/program")
	require.Equal(t, []*pprof.Mapping{
		{ID: 1, Start: 0x400000, Limit: 0x5d4000, Offset: 0x1000, File: "/my bin/program"},
		{ID: 2, Start: 0x7ff000, Limit: 0x7ff100, File: "[vdso]"},
		{ID: 3, Start: 0x700000, Limit: 0x701000},
	}, list)
	p := program{list}
	require.Same(t, list[0], p.mapping(0x400000))
	require.Nil(t, p.mapping(0x5d4000))
}
