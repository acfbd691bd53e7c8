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
	shared := make(map[cacheKey]*partition)
	for _, c := range r.topo.CPUs {
		indexes, err := r.numbered(cpuPath(c.ID, "cache"), "index")
		if err != nil {
			return err
		}
		for _, i := range indexes.CPUs() {
			if err := r.readCache(c.ID, cpuPath(c.ID, "cache/index"+strconv.Itoa(i)), shared); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(r.topo.Caches, func(a, b Cache) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Type, b.Type), cmp.Compare(a.CPUs.Min(), b.CPUs.Min()))
	})
	r.lastLevels()
	return nil
}

// readCache adds the cache that a directory of one CPU describes, unless
// another CPU that shares it did so before.
func (r *reader) readCache(cpu int, dir string, shared map[cacheKey]*partition) error {
	level, known, err := r.number(dir + "/level")
	if err != nil || !known {
		return err
	}
	kind, _, err := r.text(dir + "/type")
	if err != nil {
		return err
	}
	set, from, err := r.shared(cpu, dir, "shared_cpu_list", "shared_cpu_map")
	if err != nil || set.Empty() {
		return err
	}
	id, err := r.id(dir + "/id")
	if err != nil {
		return err
	}
	key := cacheKey{level, kind}
	if shared[key] == nil {
		shared[key] = &partition{}
	}
	fresh, err := shared[key].add(set, id, from)
	if err != nil || !fresh {
		return err
	}
	size, err := r.size(dir + "/size")
	if err != nil {
		return err
	}
	r.topo.Caches = append(r.topo.Caches, Cache{Level: level, Type: kind, ID: id, Size: size, CPUs: set})
	return nil
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
