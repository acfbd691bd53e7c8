package affinity

import (
	"fmt"
	"io/fs"
	"slices"
)

// Topology describes the online CPUs of one machine and what they share. It is
// a plain value that nothing changes after it was read; readers must not either.
// Groups are in the order of their lowest CPU, and hold online CPUs only.
type Topology struct {
	CPUs     []CPU // the online CPUs, ascending by ID
	Online   Set   // what CPUs lists
	Offline  Set   // present in the machine, not online
	Isolated Set   // online, kept free of ordinary tasks by the isolcpus boot option
	NoHZFull Set   // online, without a scheduler tick while they run one task

	Packages []Group // sockets; none where the kernel does not know them
	Dies     []Group // dies of the packages; where unknown, a package is one die
	Cores    []Group // physical cores, by the kernel's sibling lists; where unknown, each CPU is one
	Caches   []Cache // every cache whose sharing is known
	LLCs     []Cache // the last-level cache of each CPU; none where caches are not described
	Nodes    []Node  // NUMA nodes by ID; one node with every CPU where there is no node directory
	Kinds    []Kind  // kinds of core, the fastest first; a single one unless the machine is hybrid
}

// CPU is one logical CPU (a hardware thread) and its place in the groups.
type CPU struct {
	ID      int // the kernel's number, as in Set and Pin
	Core    int // index into Topology.Cores
	Thread  int // rank among the online siblings of its core, 0 first
	Package int // index into Topology.Packages, or -1: unknown
	Die     int // index into Topology.Dies, or -1: unknown
	LLC     int // index into Topology.LLCs, or -1: unknown
	Node    int // index into Topology.Nodes, or -1: in no online node
	Kind    int // index into Topology.Kinds
}

// Group is a set of CPUs that share a package, a die or a core.
type Group struct {
	ID   int // the kernel's id, or -1; repeats and has holes: a name, not a key
	CPUs Set
}

// Lookup returns the online CPU with the given id.
func (t *Topology) Lookup(id int) (CPU, bool) {
	i, found := slices.BinarySearchFunc(t.CPUs, id, func(c CPU, id int) int { return c.ID - id })
	if !found {
		return CPU{}, false
	}
	return t.CPUs[i], true
}

// Siblings returns the online CPUs that share a core with the CPU of the given
// id, itself included; empty when it is not online.
func (t *Topology) Siblings(id int) Set {
	c, ok := t.Lookup(id)
	if !ok {
		return Set{}
	}
	return t.Cores[c.Core].CPUs
}

// SMT returns the largest number of online CPUs that share a core: 1 without
// simultaneous multithreading.
func (t *Topology) SMT() int {
	width := 0
	for _, core := range t.Cores {
		width = max(width, core.CPUs.Len())
	}
	return width
}

// readAttempts bounds how often ReadTopology starts again because CPUs went
// online or offline while it read.
const readAttempts = 3

// ReadTopology reads the topology from sys/devices/system below fsys, which is
// the root of a file system, such as os.DirFS("/"); it must follow symbolic
// links. Only one of the files is required: it fails when no CPU is found, and
// when a file holds what it cannot, with an error that names the file and
// quotes it. It takes some 0.3 ms per CPU.
func ReadTopology(fsys fs.FS) (*Topology, error) {
	for attempt := 1; ; attempt++ {
		r := reader{tree: tree{fsys}, topo: &Topology{}}
		err := r.read()
		if attempt < readAttempts && r.changed() {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read topology: %w", err)
		}
		return r.topo, nil
	}
}

// reader fills a Topology, step by step.
type reader struct {
	tree
	topo *Topology
}

func (r *reader) read() error {
	for _, step := range []func() error{r.readSets, r.readCores, r.readPackages, r.readDies, r.readCaches, r.readNodes, r.readKinds} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// changed reports whether the online CPUs are no longer those that were read.
func (r *reader) changed() bool {
	now, err := r.online()
	return err == nil && now != r.topo.Online
}

// online reads the online CPUs; without the file, every CPU with a directory
// whose own online file does not say 0.
func (r *reader) online() (Set, error) {
	online, from, err := r.cpus(cpuDir, "online")
	if err != nil {
		return Set{}, err
	}
	if from != "" {
		if online.Empty() {
			return Set{}, fmt.Errorf("%s: names no CPU", from)
		}
		return online, nil
	}
	online, err = r.numbered(cpuDir, "cpu")
	if err != nil {
		return Set{}, err
	}
	for _, id := range online.CPUs() {
		n, ok, err := r.number(cpuPath(id, "online"))
		if err != nil {
			return Set{}, err
		}
		if ok && n == 0 {
			online = online.Without(id)
		}
	}
	if online.Empty() {
		return Set{}, fmt.Errorf("%s: no CPU found: %w", cpuDir, fs.ErrNotExist)
	}
	return online, nil
}

func (r *reader) readSets() error {
	t := r.topo
	var err error
	if t.Online, err = r.online(); err != nil {
		return err
	}
	present, from, err := r.cpus(cpuDir, "present")
	if err == nil && from == "" {
		present, err = r.numbered(cpuDir, "cpu")
	}
	if err != nil {
		return err
	}
	t.Offline = present.AndNot(t.Online)
	if t.Isolated, _, err = r.cpus(cpuDir, "isolated"); err != nil {
		return err
	}
	if t.NoHZFull, _, err = r.cpus(cpuDir, "nohz_full"); err != nil {
		return err
	}
	t.Isolated, t.NoHZFull = t.Isolated.And(t.Online), t.NoHZFull.And(t.Online)
	for _, id := range t.Online.CPUs() {
		t.CPUs = append(t.CPUs, CPU{ID: id, Package: -1, Die: -1, LLC: -1, Node: -1})
	}
	return nil
}

// readCores groups siblings. The core id takes no part: it repeats between
// packages, and on some machines within one.
func (r *reader) readCores() error {
	t := r.topo
	var p partition
	for _, c := range t.CPUs {
		set, from, err := r.shared(c.ID, cpuPath(c.ID, "topology"), "core_cpus_list", "core_cpus", "thread_siblings_list", "thread_siblings")
		if err != nil {
			return err
		}
		if set.Empty() {
			continue
		}
		id, err := r.id(cpuPath(c.ID, "topology/core_id"))
		if err != nil {
			return err
		}
		if _, err := p.add(set, id, from); err != nil {
			return err
		}
	}
	for _, c := range t.CPUs { // those that no list names
		if p.find(c.ID) >= 0 {
			continue
		}
		if _, err := p.add(Of(c.ID), -1, ""); err != nil {
			return err
		}
	}
	t.Cores = p.sorted()
	used := make([]int, len(t.Cores))
	for i := range t.CPUs {
		core := p.find(t.CPUs[i].ID)
		t.CPUs[i].Core, t.CPUs[i].Thread = core, used[core]
		used[core]++
	}
	return nil
}

// readPackages groups the CPUs of a socket.
func (r *reader) readPackages() error {
	p, err := r.readWider("physical_package_id", "package_cpus_list", "package_cpus", "core_siblings_list", "core_siblings")
	if err != nil {
		return err
	}
	t := r.topo
	t.Packages = p.sorted()
	for i := range t.CPUs {
		t.CPUs[i].Package = p.find(t.CPUs[i].ID)
	}
	return nil
}

// readDies groups the CPUs of a die. When one is unknown all are, and the
// packages stand in for them.
func (r *reader) readDies() error {
	p, err := r.readWider("die_id", "die_cpus_list", "die_cpus")
	if err != nil {
		return err
	}
	t := r.topo
	t.Dies = p.sorted()
	for i := range t.CPUs {
		t.CPUs[i].Die = p.find(t.CPUs[i].ID)
	}
	if slices.ContainsFunc(t.CPUs, func(c CPU) bool { return c.Die < 0 }) {
		t.Dies = slices.Clone(t.Packages)
		for i := range t.CPUs {
			t.CPUs[i].Die = t.CPUs[i].Package
		}
	}
	return nil
}

// readWider groups CPUs by what is wider than a core. A list no wider than the
// core with an id of -1 is how kernels say that they do not know the group.
func (r *reader) readWider(idName string, names ...string) (*partition, error) {
	p := &partition{}
	for _, c := range r.topo.CPUs {
		set, from, err := r.shared(c.ID, cpuPath(c.ID, "topology"), names...)
		if err != nil {
			return nil, err
		}
		if set.Empty() {
			continue
		}
		id, err := r.id(cpuPath(c.ID, "topology/"+idName))
		if err != nil {
			return nil, err
		}
		if id < 0 && r.topo.Cores[c.Core].CPUs.Contains(set) {
			continue
		}
		if _, err := p.add(set, id, from); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// shared reads a set that the CPU is part of and cuts it with the online CPUs:
// lists may go on naming those that left. It is empty where nothing is told.
func (r *reader) shared(cpu int, dir string, names ...string) (Set, string, error) {
	set, from, err := r.cpus(dir, names...)
	if err == nil && !set.Empty() && !set.Has(cpu) {
		err = fmt.Errorf("%s: %q does not name CPU %d itself", from, set, cpu)
	}
	return set.And(r.topo.Online), from, err
}
