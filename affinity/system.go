package affinity

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// System reads the topology and the limits of this machine. Where sysfs is not
// mounted, as in some sandboxes, the topology is a flat one of the allowed CPUs,
// without packages and caches. Elsewhere than on Linux it returns
// ErrNotSupported.
func System() (*Topology, Limits, error) {
	if runtime.GOOS != "linux" {
		return nil, Limits{}, ErrNotSupported
	}
	return system(os.DirFS("/"))
}

// system is System with another root.
func system(root fs.FS) (*Topology, Limits, error) {
	limits, err := ReadLimits(root)
	if err != nil {
		return nil, Limits{}, err
	}
	t, err := ReadTopology(root)
	if errors.Is(err, fs.ErrNotExist) {
		var usable Set
		if usable, err = Allowed(); err == nil {
			t = flat(usable)
		}
	}
	if err != nil {
		return nil, Limits{}, err
	}
	return t, limits, nil
}

// flat returns a topology in which CPUs share nothing but one node.
func flat(cpus Set) *Topology {
	t := &Topology{
		Online: cpus,
		Nodes:  []Node{{CPUs: cpus, Distance: []int{localDistance}}},
		Kinds:  []Kind{{Speed: 1, CPUs: cpus}},
	}
	for i, id := range cpus.CPUs() {
		t.CPUs = append(t.CPUs, CPU{ID: id, Core: i, Package: -1, Die: -1, LLC: -1})
		t.Cores = append(t.Cores, Group{ID: -1, CPUs: Of(id)})
	}
	return t
}
