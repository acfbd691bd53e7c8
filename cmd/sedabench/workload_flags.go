package main

import (
	"fmt"
	"slices"
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
	f.add(flagWorkload, "", "", "TOML file of any graph and a load, instead of --shape and --stages, such as testdata/shop.toml (docs/methodology.md)",
		one(&o.workload, fileName))
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
		return usagef("--%s: no stage of %s is keyed; want --shape keyed, or keyed stages in a --%s", flagKeys, o.graph, flagWorkload)
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
	o.graph, o.services = file.Graph, file.Services
	o.stages, o.shape = o.graph.Stages(), strings.TrimSuffix(o.graph.String(), fmt.Sprintf("-%d", o.graph.Stages()))
	if !slices.Contains(o.services, nil) {
		if f.given["service"] {
			return fmt.Errorf("--service: each stage of %s has its own; want none", o.workload)
		}
		f.unsaid["service"] = true
	}
	for _, s := range file.Load {
		flag := f.set.Lookup(s.Flag)
		if f.given[s.Flag] || flag == nil { // scale has loads of its own
			continue
		}
		if err := flag.Value.Set(s.Text); err != nil {
			return s.Wrap(err)
		}
	}
	return nil
}

// serviceOf returns the service time of a stage.
func (o *options) serviceOf(stage int) workload.Service {
	if stage < len(o.services) && o.services[stage] != nil {
		return *o.services[stage]
	}
	return o.service
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
			Name: s.Name, Service: o.serviceOf(i).String(), Work: o.work.String(), Next: s.Next, Shares: s.Shares, Rounds: s.Rounds, Keyed: s.Keyed,
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

func joinedLines[T fmt.Stringer](all []T, indent string) string {
	lines := make([]string, len(all))
	for i := range all {
		lines[i] = all[i].String()
	}
	return strings.Join(lines, "\n"+indent)
}
