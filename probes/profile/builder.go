package profile

import (
	"path"
	"slices"
	"strings"

	pprof "github.com/google/pprof/profile"

	"github.com/seda-go/seda/probes"
)

// builder is a profile that grows.
type builder struct {
	*pprof.Profile
	config    Config
	program   program
	kernel    *pprof.Mapping
	locations map[uint64]*pprof.Location // by address
	functions map[function]*pprof.Function
}

type function struct{ name, file string }

func newBuilder(c Config, byDefault string, types ...string) *builder {
	c.setDefaults()
	p := &builder{
		Profile: &pprof.Profile{
			DefaultSampleType: byDefault, Comments: c.Comments, DurationNanos: c.Duration.Nanoseconds(),
		},
		config: c, program: thisProgram(), locations: map[uint64]*pprof.Location{}, functions: map[function]*pprof.Function{},
	}
	if !c.Start.IsZero() {
		p.TimeNanos = c.Start.UnixNano()
	}
	for _, t := range types {
		p.SampleType = append(p.SampleType, valueType(t))
	}
	p.Mapping = p.program.mappings
	if c.Kernel != nil {
		p.kernel = &pprof.Mapping{ID: uint64(len(p.Mapping) + 1), Start: c.Kernel.first(), Limit: ^uint64(0), File: "[kernel.kallsyms]", HasFunctions: true}
		p.Mapping = append(p.Mapping, p.kernel)
	}
	return p
}

func valueType(text string) *pprof.ValueType {
	kind, unit, _ := strings.Cut(text, "/")
	return &pprof.ValueType{Type: kind, Unit: unit}
}

// add adds a sample unless it is nothing.
func (p *builder) add(s *probes.Stack, reason string, values ...int64) {
	if !slices.ContainsFunc(values, func(v int64) bool { return v != 0 }) {
		return
	}
	labels := map[string][]string{Stage: {p.config.Stage(s.Stage)}, Worker: {p.config.Worker(s.Thread)}}
	if reason != "" {
		labels[Reason] = []string{reason}
	}
	p.Sample = append(p.Sample, &pprof.Sample{Location: p.stack(s, reason != ""), Value: values, Label: labels})
}

// stack names the frames of s, where a thread left its CPU or was on it. An address but the first is one that a call returns to, which may be in the next
// line or function: the call is before it.
func (p *builder) stack(s *probes.Stack, left bool) (list []*pprof.Location) {
	if p.kernel != nil {
		frames := s.Kernel
		if left {
			frames = p.config.Kernel.withoutProbes(frames)
		}
		for i, pc := range frames {
			list = append(list, p.location(pc-min(uint64(i), 1), p.inKernel))
		}
	}
	for i, pc := range s.User {
		list = append(list, p.location(pc-min(uint64(i), 1), p.inProgram))
	}
	if len(list) == 0 {
		list = append(list, p.location(0, func(l *pprof.Location) { p.line(l, "[no frames]", "", 0) }))
	}
	return list
}

func (p *builder) location(pc uint64, name func(*pprof.Location)) *pprof.Location {
	l := p.locations[pc]
	if l == nil {
		l = &pprof.Location{ID: uint64(len(p.Location) + 1), Address: pc}
		name(l)
		p.locations[pc] = l
		p.Location = append(p.Location, l)
	}
	return l
}

func (p *builder) inKernel(l *pprof.Location) {
	l.Mapping = p.kernel
	p.line(l, p.config.Kernel.Name(l.Address), "", 0)
}

func (p *builder) inProgram(l *pprof.Location) {
	l.Mapping = p.program.mapping(l.Address)
	for _, f := range frames(l.Address) {
		p.line(l, f.Function, f.File, int64(f.Line))
	}
	switch {
	case len(l.Line) > 0:
	case l.Mapping != nil && l.Mapping.File != "":
		p.line(l, "["+strings.Trim(path.Base(l.Mapping.File), "[]")+"]", "", 0) // C, or the vDSO
	default:
		p.line(l, "[unknown]", "", 0)
	}
}

func (p *builder) line(l *pprof.Location, name, file string, line int64) {
	key := function{name, file}
	f := p.functions[key]
	if f == nil {
		f = &pprof.Function{ID: uint64(len(p.Function) + 1), Name: name, SystemName: name, Filename: file}
		p.functions[key] = f
		p.Function = append(p.Function, f)
	}
	l.Line = append(l.Line, pprof.Line{Function: f, Line: line})
}
