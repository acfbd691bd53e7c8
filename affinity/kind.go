package affinity

import (
	"fmt"
	"slices"
	"strconv"
)

// Kind is one kind of core of a hybrid machine, such as the performance or the
// efficiency cores.
type Kind struct {
	Speed  float64 // of its fastest CPU, relative to the fastest of the machine, which is 1
	Source string  // the file that tells the kinds apart, such as "cpu_capacity"; "" when there is one kind
	CPUs   Set     // online CPUs
}

// String describes k in a few words, such as "0-11, speed 1.00 by cpu_capacity".
func (k Kind) String() string {
	if k.Source == "" {
		return fmt.Sprintf("%s, speed %.2f", k.CPUs, k.Speed)
	}
	return fmt.Sprintf("%s, speed %.2f by %s", k.CPUs, k.Speed, k.Source)
}

// speedFiles are where a CPU's speed is told, the most telling first: what the
// scheduler itself uses, what firmware promises, and clocks, which only compare
// cores of one design.
var speedFiles = []string{
	"cpu_capacity",
	"acpi_cppc/highest_perf",
	"cpufreq/cpuinfo_max_freq",
	"cpufreq/base_frequency",
}

// kindGap is the ratio of two neighbouring speeds from which on they are two
// kinds. Cores of one kind differ by a few per cent, since firmware favours the
// best: 64 and 67 on a Core i7-1370P, whose efficiency cores have 39; 718 and
// 731 on a GB10, whose fast cores have 997 to 1024. The closest kinds known,
// the gold and prime cores of a Snapdragon 855, are 871 and 1024: 1.18.
const kindGap = 1.15

// readKinds takes the first file that every CPU has and that shows a gap. A
// file that one CPU lacks cannot rank CPUs, and one that cannot be read (drivers
// refuse some) is as good as absent: then there is one kind.
func (r *reader) readKinds() error {
	t := r.topo
	t.Kinds = []Kind{{Speed: 1, CPUs: t.Online}}
	for _, name := range speedFiles {
		speeds, err := r.speeds(name)
		if err != nil {
			return err
		}
		if kinds := splitKinds(speeds, name); len(kinds) > 1 {
			t.Kinds = kinds
			break
		}
	}
	for i := range t.CPUs {
		t.CPUs[i].Kind = slices.IndexFunc(t.Kinds, func(k Kind) bool { return k.CPUs.Has(t.CPUs[i].ID) })
	}
	return nil
}

// speeds reads one file of every CPU; nil when one lacks it.
func (r *reader) speeds(name string) (map[int]int, error) {
	speeds := make(map[int]int, len(r.topo.CPUs))
	for _, c := range r.topo.CPUs {
		file := cpuPath(c.ID, name)
		s, ok, err := r.text(file)
		if err != nil || !ok {
			return nil, nil
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%s: %s is not a speed", file, quote(s))
		}
		if n == 0 {
			return nil, nil
		}
		speeds[c.ID] = n
	}
	return speeds, nil
}

// splitKinds cuts the speeds, sorted, wherever two neighbours are far apart.
func splitKinds(speeds map[int]int, source string) []Kind {
	var values []int
	by := make(map[int]Set)
	for cpu, v := range speeds {
		if by[v].Empty() {
			values = append(values, v)
		}
		by[v] = by[v].With(cpu)
	}
	slices.Sort(values)
	slices.Reverse(values)
	var kinds []Kind
	for i, v := range values {
		if i == 0 || float64(values[i-1]) >= kindGap*float64(v) {
			kinds = append(kinds, Kind{Speed: float64(v) / float64(values[0]), Source: source})
		}
		k := &kinds[len(kinds)-1]
		k.CPUs = k.CPUs.Or(by[v])
	}
	return kinds
}
