package main

import (
	"context"
	"errors"

	"github.com/seda-go/seda/bench/figures/rival"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/bpf"
)

// programsSuite times the programs in the kernel by the kernel's own statistics, which are in all of the times: those of an empty program are
// printed. Two threads on one CPU wake each other, so that each switch leaves one that is watched for another.
func programsSuite() suite {
	const (
		onSwitch, onWakeup       = "switch program", "wakeup program"
		firstSwitch, firstWakeup = "switch program of the first design", "wakeup program of the first design"
		empty                    = "empty program"
	)
	ours := func(name string) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) { return timed(name, openBPF) }
	}
	first := func(name string) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) { return timed(name, openRival) }
	}
	return suite{
		id: "probes.cost",
		contenders: []contender{
			{name: onSwitch, unit: "ns/run", sample: ours("seda_switch")},
			{name: onWakeup, unit: "ns/run", sample: ours("seda_wakeup")},
			{name: firstSwitch, unit: "ns/run", sample: first("rival_switch")},
			{name: firstWakeup, unit: "ns/run", sample: first("rival_wakeup")},
			{name: empty, unit: "ns/run", sample: first("rival_empty")},
		},
		rows: []row{
			ratio("probes.cost.switch", onSwitch, firstSwitch, 0.85),
			ratio("probes.cost.wakeup", onWakeup, firstWakeup, 0.85),
			plain("probes.cost.switch.ns", onSwitch, none, "ns of the switch program, with statistics"),
			plain("probes.cost.wakeup.ns", onWakeup, none, "ns of the wakeup program, with statistics"),
			plain("probes.cost.statistics", empty, none, "ns of an empty program: what statistics take of each of the others"),
			{
				id: "probes.cost.switch.less", of: []string{onSwitch, firstSwitch, empty}, bound: none, what: "the ratio of the switch programs less an empty one",
				value: func(r round) float64 { return (r[onSwitch] - r[empty]) / (r[firstSwitch] - r[empty]) },
			},
			{
				id: "probes.cost.wakeup.less", of: []string{onWakeup, firstWakeup, empty}, bound: none, what: "the ratio of the wakeup programs less an empty one",
				value: func(r round) float64 { return (r[onWakeup] - r[empty]) / (r[firstWakeup] - r[empty]) },
			},
		},
	}
}

// timed returns the time of a run of a program while two threads that open's register knows wake each other.
func timed(program string, open func() (register begin, end func() error, err error)) (float64, error) {
	register, end, err := open()
	if err != nil {
		return 0, unavailable(err.Error())
	}
	stats, err := rival.Statistics()
	if err != nil {
		return 0, errors.Join(err, end())
	}
	_, err = pipes(register)
	ns, also := rival.NSPerRun(program)
	return ns, errors.Join(err, also, stats.Close(), end())
}

func openRival() (register begin, end func() error, err error) {
	p, err := rival.Open()
	if err != nil {
		return nil, nil, err
	}
	register = func() (func() error, error) { return func() error { return nil }, p.Register() } // until its end
	return register, p.Close, nil
}

func openBPF() (register begin, end func() error, err error) {
	s, err := bpf.Open(bpf.Config{})
	if err != nil {
		return nil, nil, err
	}
	return registering(s), s.Close, nil
}

// begin is what a thread does to be watched; end, when it need not be any more.
type begin func() (end func() error, err error)

func registering(s probes.Source) begin {
	return func() (func() error, error) {
		th, err := s.Register()
		if err != nil {
			return nil, err
		}
		return th.Close, nil
	}
}
