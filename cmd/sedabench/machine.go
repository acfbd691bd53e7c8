package main

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
)

// host is the machine this runs on. Outside of Linux most of it is unknown.
type host struct {
	root    fs.FS
	allowed affinity.Set
	topo    *affinity.Topology // nil: unknown
	limits  affinity.Limits
}

func thisHost() host {
	h := host{root: os.DirFS("/")}
	h.allowed, _ = affinity.Allowed() // fails where there is no affinity: then CPUs are only counted
	h.topo, h.limits, _ = affinity.System()
	return h
}

// cpus is how many CPUs this process may use.
func (h host) cpus() int {
	if n := h.allowed.Len(); n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// placed returns the CPUs for a number of workers and the generator.
func (h host) placed(workers int) load.CPUs {
	if h.allowed.Empty() {
		return load.CPUs{Generator: -1} // anywhere
	}
	return load.Choose(h.allowed, h.topo, workers)
}

func (h host) describe() report.Machine {
	m := report.Machine{
		Model: h.field("proc/cpuinfo", "model name"), CPUs: runtime.NumCPU(), SMT: 1,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Kernel: h.line("proc/sys/kernel/osrelease"),
		Go: runtime.Version(), GOMAXPROCS: runtime.GOMAXPROCS(0), Quota: h.limits.Quota,
		Allowed: h.allowed.String(), Governor: h.line("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
	}
	if m.Model == "" {
		m.Model = "unknown " + runtime.GOARCH
	}
	if h.topo != nil {
		m.CPUs, m.SMT = h.topo.Online.Len(), h.topo.SMT()
	}
	return m
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

// ticks is the time all CPUs had, and what of it the hypervisor took.
type ticks struct{ all, stolen float64 }

// ticks reads the first line of /proc/stat: user, nice, system, idle, iowait,
// irq, softirq, steal; what follows is part of the first two.
func (h host) ticks() (ticks, bool) {
	first, _, _ := strings.Cut(h.line("proc/stat"), "\n")
	fields := strings.Fields(first)
	const steal = 8
	if len(fields) <= steal || fields[0] != "cpu" {
		return ticks{}, false
	}
	var t ticks
	for _, f := range fields[1 : steal+1] {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return ticks{}, false
		}
		t.all += n
		t.stolen = n
	}
	return t, true
}

// stealSince returns the part of the time since before that was stolen, nil if
// that is not known.
func (h host) stealSince(before ticks, known bool) *float64 {
	now, ok := h.ticks()
	if !known || !ok || now.all <= before.all {
		return nil
	}
	part := (now.stolen - before.stolen) / (now.all - before.all)
	return &part
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
	if m.Steal != nil {
		parts = append(parts, "steal "+report.Share(*m.Steal))
	}
	return strings.Join(parts, ", ")
}

func quotaText(cpus float64) string {
	if cpus == 0 {
		return ""
	}
	return fmt.Sprintf("%g CPUs", cpus)
}
