package affinity

import (
	"fmt"
	"strconv"
	"strings"
)

// Node is one NUMA node. A node may have memory and no CPUs, or CPUs and no
// memory.
type Node struct {
	ID       int   // the kernel's number, as numactl takes it; may have holes
	CPUs     Set   // online CPUs; may be empty
	Memory   int64 // bytes of memory; 0 none or unknown
	Distance []int // relative access time to Topology.Nodes[i], 10 being local; nil unknown
}

// Distance tells how far node b is from node a, both indexes into Nodes, in
// the kernel's measure: 10 is local, 20 twice that. Where the kernel does not
// say, it is 10 for a node and itself and 20 for two nodes or an unknown one.
func (t *Topology) Distance(a, b int) int {
	if a >= 0 && b >= 0 && b < len(t.Nodes[a].Distance) {
		return t.Nodes[a].Distance[b]
	}
	if a == b && a >= 0 {
		return localDistance
	}
	return remoteDistance
}

// The kernel's LOCAL_DISTANCE and REMOTE_DISTANCE.
const (
	localDistance  = 10
	remoteDistance = 20
)

func (r *reader) readNodes() error {
	t := r.topo
	dirs, err := r.numbered(nodeDir, "node")
	if err != nil {
		return err
	}
	ids, from, err := r.cpus(nodeDir, "online")
	if err != nil {
		return err
	}
	if from == "" {
		ids = dirs
	}
	if ids.Empty() { // a kernel without NUMA: memory is equally far from everywhere
		t.Nodes = []Node{{CPUs: t.Online, Distance: []int{localDistance}}}
		for i := range t.CPUs {
			t.CPUs[i].Node = 0
		}
		return nil
	}
	possible, _, err := r.cpus(nodeDir, "possible")
	if err != nil {
		return err
	}
	for _, id := range ids.CPUs() {
		if err := r.readNode(id, ids, dirs, possible); err != nil {
			return err
		}
	}
	return nil
}

// readNode adds the node of the given id; columns are the sets of nodes that
// its distances may be about.
func (r *reader) readNode(id int, columns ...Set) error {
	t := r.topo
	dir := nodeDir + "/node" + strconv.Itoa(id)
	set, from, err := r.cpus(dir, "cpulist", "cpumap")
	if err != nil {
		return err
	}
	n := Node{ID: id, CPUs: set.And(t.Online)}
	for i := range t.CPUs {
		c := &t.CPUs[i]
		if !n.CPUs.Has(c.ID) {
			continue
		}
		if c.Node >= 0 {
			return fmt.Errorf("%s: %q overlaps node %d", from, n.CPUs, t.Nodes[c.Node].ID)
		}
		c.Node = len(t.Nodes)
	}
	if n.Memory, err = r.memory(dir + "/meminfo"); err != nil {
		return err
	}
	if n.Distance, err = r.distances(dir+"/distance", columns); err != nil {
		return err
	}
	t.Nodes = append(t.Nodes, n)
	return nil
}

// distances reads one row of the distance table for the nodes columns[0]. The
// kernel prints a column per online node; where CPUs or nodes were taken away
// behind its back, there may be one per directory or per possible node.
func (r *reader) distances(name string, columns []Set) ([]int, error) {
	s, ok, err := r.text(name)
	if err != nil || !ok {
		return nil, err
	}
	fields := strings.Fields(s)
	for _, nodes := range columns {
		if nodes.Len() != len(fields) || !nodes.Contains(columns[0]) {
			continue
		}
		var row []int
		for i, node := range nodes.CPUs() {
			d, err := strconv.Atoi(fields[i])
			if err != nil || d < 0 {
				return nil, fmt.Errorf("%s: %s is not a distance", name, quote(fields[i]))
			}
			if columns[0].Has(node) {
				row = append(row, d)
			}
		}
		return row, nil
	}
	return nil, fmt.Errorf("%s: %s has %d distances for %d nodes", name, quote(s), len(fields), columns[0].Len())
}

// memory reads MemTotal of a node's meminfo, in bytes; 0 where it is not told.
func (r *reader) memory(name string) (int64, error) {
	s, _, err := r.text(name)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(s) {
		_, after, found := strings.Cut(line, "MemTotal:")
		if !found {
			continue
		}
		kilobytes, _ := strings.CutSuffix(strings.TrimSpace(after), "kB")
		n, err := strconv.ParseInt(strings.TrimSpace(kilobytes), 10, 53)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%s: %s is not a size in kB", name, quote(trim(after)))
		}
		return n << 10, nil
	}
	return 0, nil
}
