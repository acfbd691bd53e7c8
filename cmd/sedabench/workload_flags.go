package main

import (
	"fmt"
	"strings"

	"github.com/seda-go/seda/cmd/sedabench/internal/workfile"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

const (
	flagKeys     = "keys"
	flagWorkload = "workload"
	// defaultKeys are those of YCSB's requests, if fewer of them: Cooper et al., "Benchmarking cloud serving systems with YCSB", SoCC 2010.
	defaultKeys = "zipf:0.99,10000"
)

// workloadFlags are those about graphs and files of them, beside shape and stages.
func (o *options) workloadFlags(f *flags) {
	f.add(flagKeys, "", "", "where a stage is keyed: whose requests these are, "+strings.Join(workload.KeysForms(), " or ")+"; by default "+defaultKeys,
		one(&o.keys, workload.ParseKeys))
	f.add(flagWorkload, "", "", "instead, a TOML file of any graph and a load, such as examples/shop.toml", one(&o.workload, fileName))
	f.beside(flagKeys)
	f.beside(flagWorkload)
}

// describeWorkload makes the graph, of a file or a shape, and gives flags that were not given what the file says.
func (o *options) describeWorkload(f *flags) (err error) {
	if o.workload != "" {
		err = o.readWorkload(f)
	} else if o.graph, err = workload.NewGraph(o.shape, o.stages); err != nil {
		err = fmt.Errorf("--stages: %w", err)
	}
	if err != nil {
		return usageError{err}
	}
	switch {
	case o.graph.AnyKeyed() && o.keys == nil:
		return f.set.Set(flagKeys, defaultKeys)
	case !o.graph.AnyKeyed() && o.keys != nil:
		return usageError{o.placed(fmt.Errorf("--%s: no stage of %s is keyed; want --shape keyed, or keyed stages in a --%s", flagKeys, o.graph, flagWorkload))}
	}
	return nil
}

func (o *options) readWorkload(f *flags) error {
	for _, name := range []string{"shape", "stages"} {
		if f.given[name] {
			return fmt.Errorf("--%s: the stages are those of --%s %s; want one of both", name, flagWorkload, o.workload)
		}
		f.unsaid[name] = true
	}
	file, err := workfile.Read(o.workload)
	if err != nil {
		return fmt.Errorf("--%s: %w", flagWorkload, err)
	}
	o.graph = file.Graph
	o.stages, o.shape = o.graph.Stages(), strings.TrimSuffix(o.graph.String(), fmt.Sprintf("-%d", o.graph.Stages()))
	if o.services, err = own(f, "service", o.service, file.Services); err != nil {
		return err
	}
	if o.works, err = own(f, "work", o.work, file.Works); err != nil {
		return err
	}
	if o.works != nil && o.work.Blocks() {
		return fmt.Errorf("--work %s: stages of %s have work of their own, and only all may block; want --work spin or memory:<size>", o.work, o.workload)
	}
	for _, s := range file.Load {
		if !f.given[s.Flag] && !o.givesWay(s.Flag, f) {
			if err := f.set.Lookup(s.Flag).Value.Set(s.Text); err != nil {
				return s.Wrap(err)
			}
			o.load = append(o.load, s)
		}
	}
	return nil
}

// placed adds to an error about a flag where it stands, if a file set it and nobody else.
func (o *options) placed(err error) error {
	for _, s := range o.load {
		if strings.HasPrefix(err.Error(), "--"+s.Flag+":") || strings.HasPrefix(err.Error(), "--"+s.Flag+" ") {
			return s.Wrap(err)
		}
	}
	return err
}

// givesWay reports whether a field of the file's load makes no sense beside what flags say: scale makes a load of its own.
func (o *options) givesWay(field string, f *flags) bool {
	if o.byWorkers {
		return field != flagKeys
	}
	switch field {
	case "rate":
		return f.given["arrival"] && o.arrival.Closed() || o.slo != nil
	case "think":
		return f.given["arrival"] && !o.arrival.Closed()
	}
	return false
}

// own returns the values of all stages, those that have none of their own being as the flag says; nil if none has one.
func own[T any](f *flags, flag string, byFlag T, own []*T) (all []T, err error) {
	without := 0
	for _, v := range own {
		if v == nil {
			v = &byFlag
			without++
		}
		all = append(all, *v)
	}
	switch {
	case without == len(own):
		return nil, nil
	case without > 0:
		return all, nil
	case f.given[flag]:
		return nil, fmt.Errorf("--%s: each stage of the --%s has its own; want none", flag, flagWorkload)
	}
	f.unsaid[flag] = true
	return all, nil
}

// serviceOf returns the service time of a stage.
func (o *options) serviceOf(stage int) workload.Service {
	if o.services != nil {
		return o.services[stage]
	}
	return o.service
}

// workOf returns the work of a stage.
func (o *options) workOf(stage int) workload.Work {
	if o.works != nil {
		return o.works[stage]
	}
	return o.work
}

// openWork returns what stages spend their time with.
func (o *options) openWork() (*workload.Means, error) {
	if o.works != nil {
		return workload.OpenEach(o.works), nil
	}
	return o.work.Open(o.stages)
}

// visits returns how often a request comes to a stage, in the mean.
func (o *options) visits(stage int) float64 {
	if o.graph == nil { // of a preset, whose trials have their own
		return 1
	}
	return o.graph.Visits(stage)
}

// takes returns how long a stage takes for a request, in the mean, in ns.
func (o *options) takes(stage int) float64 {
	service := o.serviceOf(stage)
	return o.visits(stage) * service.Mean()
}

// demand returns how long all stages together take for a request, most how long the one does that takes longest.
func (o *options) demand() (ns float64) {
	for stage := range o.stages {
		ns += o.takes(stage)
	}
	return ns
}

func (o *options) most() (ns float64) {
	for stage := range o.stages {
		ns = max(ns, o.takes(stage))
	}
	return ns
}

// handlings returns how often stages handle a request, in the mean.
func (o *options) handlings() (n float64) {
	for stage := range o.stages {
		n += o.visits(stage)
	}
	return n
}

// described is the graph for the results.
func (o *options) described() (all []report.StageConfig) {
	if o.graph == nil {
		return nil
	}
	for i, s := range o.graph.Describe() {
		all = append(all, report.StageConfig{
			Name: s.Name, Service: o.serviceOf(i).String(), Work: o.workOf(i).String(), Next: s.Next, Shares: s.Shares, Rounds: s.Rounds, Keyed: s.Keyed,
		})
	}
	return all
}

// serviceText says how long stages take.
func (o *options) serviceText() string {
	if len(o.services) == 0 {
		return o.service.String() + " per stage"
	}
	var own []string
	for stage := range o.services {
		own = append(own, o.graph.Name(stage)+" "+o.serviceOf(stage).String())
	}
	return strings.Join(own, ", ")
}

func joinedTurns(spins []workload.Spin) string {
	turns := make([]string, len(spins))
	for i, s := range spins {
		turns[i] = fmt.Sprintf("%.2f", s.PerTurn)
	}
	return strings.Join(turns, ", ")
}

func joinedLines[T fmt.Stringer](all []T, indent string) string {
	lines := make([]string, len(all))
	for i := range all {
		lines[i] = all[i].String()
	}
	return strings.Join(lines, "\n"+indent)
}
