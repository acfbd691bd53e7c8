package main

import (
	"context"
	"fmt"
	"io"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/report"
)

func topoFlags(output *string) *flags {
	f := newFlags("topo")
	f.add("output", "o", "text", "text or json", one(output, oneOf("output", "text", "json")))
	return f
}

func topoHelp() string {
	var output string
	return "usage: sedabench topo [flags]\n\nPrints CPUs, caches, NUMA nodes and limits as the engine sees them.\n\nflags:\n" + topoFlags(&output).help()
}

func topoVerb(_ context.Context, args []string, s streams) error {
	var output string
	if err := topoFlags(&output).parse(args); err != nil {
		return err
	}
	allowed, err := affinity.Allowed()
	if err != nil {
		return fmt.Errorf("topology: %w", err)
	}
	t, limits, err := affinity.System()
	if err != nil {
		return fmt.Errorf("topology: %w", err)
	}
	view := viewOf(t, limits, allowed)
	if output == "json" {
		return view.writeJSON(s.out)
	}
	return view.writeText(s.out)
}

// topoView is what topo prints. Groups hold online CPUs only; an ID of -1 is
// one that the kernel does not tell.
type topoView struct {
	Schema   string       `json:"schema"`
	Online   affinity.Set `json:"online"`
	Offline  affinity.Set `json:"offline"`
	Isolated affinity.Set `json:"isolated"`
	Allowed  affinity.Set `json:"allowed"` // what this process may use
	SMT      int          `json:"smt"`
	Packages []cpuGroup   `json:"packages"`
	Dies     []cpuGroup   `json:"dies"`
	Cores    []cpuGroup   `json:"cores"`
	Caches   []cacheView  `json:"caches"`
	LLCs     []cacheView  `json:"llcs"` // the last-level ones among them
	Nodes    []nodeView   `json:"nodes"`
	Kinds    []kindView   `json:"kinds"` // of cores, the fastest first
	Limits   limitsView   `json:"limits"`
	Spread   []int        `json:"spread"`  // the allowed CPUs in the order to fill them: far apart
	Compact  []int        `json:"compact"` // close together
}

type cpuGroup struct {
	ID   int          `json:"id"`
	CPUs affinity.Set `json:"cpus"`
}

type cacheView struct {
	Level int          `json:"level"`
	Type  string       `json:"type"`
	Size  int64        `json:"size_bytes"`
	CPUs  affinity.Set `json:"cpus"`
}

type nodeView struct {
	ID       int          `json:"id"`
	CPUs     affinity.Set `json:"cpus"`
	Memory   int64        `json:"memory_bytes"`
	Distance []int        `json:"distance"`
}

type kindView struct {
	Speed  float64      `json:"speed"`
	Source string       `json:"source"`
	CPUs   affinity.Set `json:"cpus"`
}

type limitsView struct {
	CPUs   affinity.Set `json:"cpus"`
	Quota  float64      `json:"quota_cpus"`
	Source string       `json:"source"`
}

const topoSchema = "sedabench-topo/1"

func viewOf(t *affinity.Topology, l affinity.Limits, allowed affinity.Set) topoView {
	return topoView{
		Schema: topoSchema, Online: t.Online, Offline: t.Offline, Isolated: t.Isolated, Allowed: allowed, SMT: t.SMT(),
		Packages: convert(t.Packages, groupView), Dies: convert(t.Dies, groupView), Cores: convert(t.Cores, groupView),
		Caches: convert(t.Caches, viewCache), LLCs: convert(t.LLCs, viewCache),
		Nodes:  convert(t.Nodes, func(n affinity.Node) nodeView { return nodeView{n.ID, n.CPUs, n.Memory, n.Distance} }),
		Kinds:  convert(t.Kinds, func(k affinity.Kind) kindView { return kindView{k.Speed, k.Source, k.CPUs} }),
		Limits: limitsView{l.CPUs, l.Quota, l.Source},
		Spread: t.Place(allowed, affinity.Spread), Compact: t.Place(allowed, affinity.Compact),
	}
}

func groupView(g affinity.Group) cpuGroup { return cpuGroup{g.ID, g.CPUs} }

func viewCache(c affinity.Cache) cacheView { return cacheView{c.Level, c.Type, c.Size, c.CPUs} }

// convert never returns nil, which JSON would show as null.
func convert[A, B any](from []A, each func(A) B) []B {
	to := make([]B, 0, len(from))
	for _, a := range from {
		to = append(to, each(a))
	}
	return to
}

func (v topoView) writeJSON(w io.Writer) error {
	return report.WriteObject(w, v)
}
