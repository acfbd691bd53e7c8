package affinity

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Cache is one cache and the CPUs that share it.
type Cache struct {
	Level int    // 1 is nearest to the core
	Type  string // "Data", "Instruction" or "Unified", as the kernel says; "" unknown
	ID    int    // the kernel's id, or -1: many kernels have none
	Size  int64  // bytes; 0 unknown
	CPUs  Set
}

// instruction is the type of the caches that hold no data.
const instruction = "Instruction"

// cacheKey tells apart the caches that one CPU has.
type cacheKey struct {
	level int
	kind  string
}

// readCaches fills Caches and LLCs. A cache of unknown level or sharing is
// left out.
func (r *reader) readCaches() error {
	caches := make(map[cacheKey]*partition)
	sizes := make(map[cacheKey][]int64)
	for _, c := range r.topo.CPUs {
		indexes, err := r.numbered(cpuPath(c.ID, "cache"), "index")
		if err != nil {
			return err
		}
		for _, i := range indexes.CPUs() {
			if err := r.readCache(c.ID, i, caches, sizes); err != nil {
				return err
			}
		}
	}
	for key, p := range caches {
		for g, group := range p.groups {
			r.topo.Caches = append(r.topo.Caches, Cache{
				Level: key.level, Type: key.kind, ID: group.ID, Size: sizes[key][g], CPUs: group.CPUs,
			})
		}
	}
	slices.SortFunc(r.topo.Caches, func(a, b Cache) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Type, b.Type), cmp.Compare(a.CPUs.Min(), b.CPUs.Min()))
	})
	r.lastLevels()
	return nil
}

// readCache adds one cache as one CPU describes it.
func (r *reader) readCache(cpu, index int, caches map[cacheKey]*partition, sizes map[cacheKey][]int64) error {
	dir := cpuPath(cpu, "cache/index"+strconv.Itoa(index))
	level, known, err := r.number(dir + "/level")
	if err != nil || !known {
		return err
	}
	kind, _, err := r.text(dir + "/type")
	if err != nil {
		return err
	}
	set, from, err := r.cpus(dir, "shared_cpu_list", "shared_cpu_map")
	if err != nil || from == "" {
		return err
	}
	id, err := r.id(dir + "/id")
	if err != nil {
		return err
	}
	key := cacheKey{level, kind}
	p := caches[key]
	if p == nil {
		p = &partition{}
		caches[key] = p
	}
	g, err := p.add(cpu, set.And(r.topo.Online), id, from)
	if err != nil || g < len(sizes[key]) {
		return err
	}
	size, err := r.size(dir + "/size")
	sizes[key] = append(sizes[key], size)
	return err
}

// size reads a size such as "8192K"; 0 when the file is not there.
func (r *reader) size(name string) (int64, error) {
	s, ok, err := r.text(name)
	if err != nil || !ok {
		return 0, err
	}
	digits := strings.TrimRight(s, "KMG")
	n, err := strconv.ParseInt(digits, 10, 32)
	unit, known := map[string]int64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[s[len(digits):]]
	if err != nil || n < 0 || !known {
		return 0, fmt.Errorf("%s: %s is not a size", name, quote(s))
	}
	return n * unit, nil
}

// lastLevels gives each CPU its cache of the highest level that holds data.
func (r *reader) lastLevels() {
	t := r.topo
	best := make(map[int]Cache)
	for _, cache := range t.Caches { // ascending by level
		if cache.Type == instruction {
			continue
		}
		for _, id := range cache.CPUs.CPUs() {
			best[id] = cache
		}
	}
	index := make(map[Cache]int)
	for i := range t.CPUs {
		cache, ok := best[t.CPUs[i].ID]
		if !ok {
			continue
		}
		if _, ok := index[cache]; !ok {
			index[cache] = len(t.LLCs)
			t.LLCs = append(t.LLCs, cache)
		}
		t.CPUs[i].LLC = index[cache]
	}
}
