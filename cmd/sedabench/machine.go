package main

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
)

// host is the machine this runs on. Outside of Linux most of it is unknown.
type host struct {
	root    fs.FS
	cpus    int                // that this process may use
	allowed affinity.Set       // which; empty: unknown
	topo    *affinity.Topology // nil: unknown
	limits  affinity.Limits
}

func thisHost() host {
	h := host{root: os.DirFS("/")}
	h.allowed, _ = affinity.Allowed() // fails where there is no affinity: then CPUs are only counted
	h.topo, h.limits, _ = affinity.System()
	h.cpus = h.allowed.Len()
	if h.cpus == 0 {
		h.cpus = runtime.NumCPU()
	}
	return h
}

// placed returns the CPUs for a number of workers and the generator.
func (h host) placed(workers int) load.CPUs {
	if h.allowed.Empty() {
		return load.CPUs{Generator: -1} // anywhere
	}
	return load.Choose(h.allowed, h.topo, workers)
}

// hasGenerator reports whether so many workers leave a CPU to the load generator.
func (h host) hasGenerator(workers int) bool { return workers < h.cpus }

// cpusText names the CPUs that this process may use.
func (h host) cpusText() string {
	if h.allowed.Empty() {
		return report.Plural(h.cpus, "CPU")
	}
	return cpusText(h.allowed)
}

func cpusText(s affinity.Set) string {
	if s.Len() == 1 {
		return "CPU " + s.String()
	}
	return "CPUs " + s.String()
}

func (h host) describe() report.Machine {
	m := report.Machine{
		Model: h.field("proc/cpuinfo", "model name"), CPUs: runtime.NumCPU(), SMT: 1,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Kernel: h.line("proc/sys/kernel/osrelease"),
		Go: runtime.Version(), GOMAXPROCS: runtime.GOMAXPROCS(0), Quota: h.limits.Quota,
		Allowed: h.allowed.String(), Governor: h.line("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
		Isolated: h.line("sys/devices/system/cpu/isolated"), NoTick: strings.TrimSuffix(h.line("sys/devices/system/cpu/nohz_full"), "(null)"),
		HugePages: h.hugePages(), Clocksource: h.line("sys/devices/system/clocksource/clocksource0/current_clocksource"), Hypervisor: h.hypervisor(),
	}
	if m.Model == "" {
		m.Model = "unknown " + runtime.GOARCH
	}
	if h.topo != nil {
		m.CPUs, m.SMT = h.topo.Online.Len(), h.topo.SMT()
	}
	return m
}

// hugePages is the mode of transparent huge pages, which the kernel puts in brackets among those there are.
func (h host) hugePages() string {
	_, mode, _ := strings.Cut(h.line("sys/kernel/mm/transparent_hugepage/enabled"), "[")
	mode, _, _ = strings.Cut(mode, "]")
	return mode
}

// hypervisor names what runs this machine as a virtual one, as far as the kernel tells.
func (h host) hypervisor() string {
	if kind := h.line("sys/hypervisor/type"); kind != "" {
		return kind
	}
	if !slices.Contains(strings.Fields(h.field("proc/cpuinfo", "flags")), "hypervisor") {
		return ""
	}
	if vendor := h.line("sys/class/dmi/id/sys_vendor"); vendor != "" {
		return vendor
	}
	return "unnamed"
}

// line returns the content of a small file, or nothing.
func (h host) line(name string) string {
	text, _ := fs.ReadFile(h.root, name)
	return strings.TrimSpace(string(text))
}

// field returns what follows the first occurrence of a key and a colon.
func (h host) field(name, key string) string {
	for line := range strings.SplitSeq(h.line(name), "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// usage is how the machine's CPUs spent their time since it started, in ticks
// of its clock, and how much processor time this process used of that.
type usage struct {
	known             bool
	all, idle, stolen float64
	at                time.Time
	own               time.Duration
}

// usage reads the first line of /proc/stat: user, nice, system, idle, iowait,
// irq, softirq, steal; what follows is part of the first two.
func (h host) usage() usage {
	first, _, _ := strings.Cut(h.line("proc/stat"), "\n")
	fields := strings.Fields(first)
	const idle, iowait, steal = 4, 5, 8
	u := usage{at: time.Now(), own: load.ProcessTime()}
	if len(fields) <= steal || fields[0] != "cpu" {
		return u
	}
	for i, f := range fields[1 : steal+1] {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return u
		}
		u.all += n
		switch i + 1 {
		case idle, iowait:
			u.idle += n
		case steal:
			u.stolen = n
		}
	}
	u.known = true
	return u
}

// stealText says which part of the time since boot the hypervisor took.
func (u usage) stealText() string {
	if !u.known || u.all == 0 {
		return "unknown"
	}
	return report.Share(u.stolen/u.all) + " since boot"
}

// since returns which part of the CPUs' time from before to u the hypervisor
// took, and which part other processes used; nil where that is not known.
func (u usage) since(before usage, cpus int) (stolen, foreign *float64) {
	all := u.all - before.all
	if !u.known || !before.known || all <= 0 {
		return nil, nil
	}
	stolen = pointer((u.stolen - before.stolen) / all)
	own := (u.own - before.own).Seconds() / (u.at.Sub(before.at).Seconds() * float64(cpus))
	busy := 1 - (u.idle-before.idle)/all - *stolen
	return stolen, pointer(max(busy-own, 0))
}

// machineText describes the machine in one line.
func machineText(m report.Machine) string {
	parts := []string{m.Model, fmt.Sprintf("%d CPUs", m.CPUs)}
	if m.Allowed != "" {
		parts[1] += " (allowed " + m.Allowed + ")"
	}
	if m.SMT > 1 {
		parts = append(parts, fmt.Sprintf("%d threads a core", m.SMT))
	}
	parts = append(parts, strings.TrimSpace(m.OS+" "+m.Kernel), m.Go+" "+m.Arch, fmt.Sprintf("GOMAXPROCS %d", m.GOMAXPROCS))
	for _, p := range []struct{ name, value string }{{"governor", m.Governor}, {"quota", quotaText(m.Quota)}} {
		if p.value == "" {
			p.value = "none"
		}
		parts = append(parts, p.name+" "+p.value)
	}
	for _, p := range []struct{ name, value string }{
		{"isolcpus", m.Isolated}, {"nohz_full", m.NoTick}, {"THP", m.HugePages}, {"clocksource", m.Clocksource}, {"hypervisor", m.Hypervisor},
	} {
		if p.value != "" {
			parts = append(parts, p.name+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}

func quotaText(cpus float64) string {
	if cpus == 0 {
		return ""
	}
	return fmt.Sprintf("%g CPUs", cpus)
}
