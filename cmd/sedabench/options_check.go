package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
)

// completePreset sets what depends on the machine: two workers where work can move between them, else one.
func (o *options) completePreset(h host) error {
	if err := o.checkPolicies(); err != nil {
		return err
	}
	p := findPreset(o.preset)
	if len(o.workers) == 0 {
		o.workers = []int{1}
		if !p.generator {
			o.workers = []int{min(2, h.cpus)}
		}
	}
	if len(o.workers) > 1 || o.workers[0] > h.cpus {
		return fmt.Errorf("--workers: %s, want one number from 1 to %d, the CPUs this process may use", joined(o.workers), h.cpus)
	}
	if p.generator && !h.hasGenerator(o.workers[0]) {
		want := "fewer --workers"
		if o.workers[0] == 1 {
			want = "more CPUs"
		}
		return fmt.Errorf("--preset %s: no CPU is left for the load generator with %s on %s; want %s, or --preset %s",
			o.preset, report.Plural(o.workers[0], "worker"), h.cpusText(), want, strings.Join(presetsWithout(), " or "))
	}
	switch {
	case p.blocks && !o.work.Blocks():
		return fmt.Errorf("--preset %s: --work %s never blocks; want --work sleep or file:<size>", p.name, o.work)
	case o.service.Mean() < float64(p.least):
		return fmt.Errorf("--preset %s: --service %s is more than one generator can offer enough of; want %s or more", p.name, o.service, p.least)
	}
	for _, r := range o.rates {
		if r.fraction == 0 {
			return fmt.Errorf("--rate: %s, want parts of the capacity, such as 2x, with --preset", r)
		}
	}
	return nil
}

// complete sets what depends on other flags or on the machine, and checks what
// no flag can check alone.
func (o *options) complete(h host) (err error) {
	if err := o.checkPolicies(); err != nil {
		return err
	}
	if o.target > 0 && o.graph.Branches() {
		return fmt.Errorf("--target: what is discarded in one branch of a %s would go on in the others; want %s", o.shape, o.straight())
	}
	if o.target > 0 && o.graph.Loops() {
		return fmt.Errorf("--target: what is discarded in a %s would never leave its loop; want %s", o.shape, o.straight())
	}
	if len(o.workers) == 0 {
		o.workers = []int{max(h.cpus-1, 1)}
	}
	for _, n := range o.workers {
		if n > h.cpus {
			return fmt.Errorf("--workers: %d, want 1 to %d, the CPUs this process may use", n, h.cpus)
		}
	}
	if o.batch > o.capacity {
		return fmt.Errorf("--batch: %d, want 1 to %d, the --capacity", o.batch, o.capacity)
	}
	if o.clients > o.capacity {
		return fmt.Errorf("--clients: %d, want 1 to %d, the --capacity: in closed loop nothing may be refused", o.clients, o.capacity)
	}
	if err := o.checkBlocking(); err != nil {
		return err
	}
	if err := o.checkRoom(); err != nil {
		return err
	}
	if err := o.checkOpen(h); err != nil {
		return err
	}
	if err := o.checkThink(h); err != nil {
		return err
	}
	if err := o.completeRates(); err != nil {
		return err
	}
	return o.checkTails(h)
}

// straight says how to ask for a graph that neither branches nor leads back.
func (o *options) straight() string {
	if o.workload != "" {
		return "one of the --" + flagWorkload + " in which each stage leads to one other at most"
	}
	return "--shape pipeline"
}

// checkPolicies checks that staged is there to look at what only staged looks at.
func (o *options) checkPolicies() error {
	for _, f := range []struct {
		flag  string
		given bool
	}{
		{"policy", !slices.Equal(o.policies, []string{staged.DefaultPolicy()})},
		{"target", o.target > 0},
		{"timeline", o.timeline > 0},
		{"probes", o.probes != probesOff},
		{"pin", o.pin != ""},
		{flagOffCPU, o.offCPU != ""},
		{flagOnCPU, o.onCPU != ""},
	} {
		if f.given && !slices.Contains(o.archs, ours) {
			return fmt.Errorf("--%s: only staged looks at it, which is not in --arch %s", f.flag, strings.Join(o.archs, ","))
		}
	}
	for _, f := range []struct{ a, b, name, other string }{
		{flagOffCPU, flagOnCPU, o.offCPU, o.onCPU}, {flagOffCPU, "out", o.offCPU, o.out}, {flagOnCPU, "out", o.onCPU, o.out},
	} {
		if f.name != "" && filepath.Clean(f.name) == filepath.Clean(f.other) {
			return fmt.Errorf("--%s, --%s: both are %s", f.a, f.b, f.name)
		}
	}
	if o.pin != "" && o.probes != probesAuto && o.probes != probesBPF {
		return fmt.Errorf("--pin: only programs in the kernel have maps; want --probes auto or bpf")
	}
	return nil
}

// checkRoom checks that what queues and workers hold fits into memory.
func (o *options) checkRoom() error {
	room := o.capacity * o.stages
	if room > maxRoom {
		return fmt.Errorf("--capacity %d x --stages %d: room for %d requests, want at most %d", o.capacity, o.stages, room, maxRoom)
	}
	if n := slices.Max(o.workers); o.graph.Loops() && o.graph.AnyKeyed() && room*n > maxRoom {
		return fmt.Errorf("--capacity %d x --stages %d x --workers %d: where requests go round and stages are keyed there is room for %d, want at most %d",
			o.capacity, o.stages, n, room*n, maxRoom)
	}
	if slots := room * o.batch; slots > maxSlots {
		return fmt.Errorf("--capacity %d x --stages %d x --batch %d: %d, want at most %d", o.capacity, o.stages, o.batch, slots, maxSlots)
	}
	for _, n := range o.workers {
		if held := o.batch * o.stages * (n + o.blocked()); held > maxRoom {
			return fmt.Errorf("--batch %d x --stages %d x --workers %d: %d requests in hand, want at most %d", o.batch, o.stages, n, held, maxRoom)
		}
	}
	return nil
}
