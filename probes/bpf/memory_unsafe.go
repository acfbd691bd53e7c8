//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// record is a kernelSedaThread whose fields the kernel changes under the reader's hands.
type record struct {
	stage atomic.Uint32 // written by the thread: alone on its line
	_     [15]uint32

	// Written by programs in the kernel, on whichever CPU the thread is or is woken from.
	sequence, generation, state, offStage atomic.Uint32
	in, out, wake                         atomic.Int64
	on, blocked, runQueue, preempted      atomic.Int64
	voluntary, involuntary, migrations    atomic.Uint64
	start                                 atomic.Int64
	tid, cpu                              atomic.Uint32
	preemptor                             [16]int8
}

// cell is a kernelSedaCell, likewise.
type cell struct {
	blocked, runQueue, preempted atomic.Int64
	voluntary, involuntary       atomic.Uint64
	_                            [3]uint64
	delay                        [probes.Buckets]atomic.Uint64
}

// place is a kernelSedaPlace, likewise.
type place struct{ tid, slot atomic.Uint32 }

// They are of equal length, or this does not compile. That the fields stand at the same places is a test.
const (
	_ = uint(unsafe.Sizeof(record{}) - unsafe.Sizeof(kernelSedaThread{}))
	_ = uint(unsafe.Sizeof(kernelSedaThread{}) - unsafe.Sizeof(record{}))
	_ = uint(unsafe.Sizeof(place{}) - unsafe.Sizeof(kernelSedaPlace{}))
	_ = uint(unsafe.Sizeof(kernelSedaPlace{}) - unsafe.Sizeof(place{}))
	_ = uint(unsafe.Sizeof(cell{}) - unsafe.Sizeof(kernelSedaCell{}))
	_ = uint(unsafe.Sizeof(kernelSedaCell{}) - unsafe.Sizeof(cell{}))
)

// memory is the arrays, as the process sees them.
type memory struct {
	records []record
	index   []place
	cells   []cell
	stages  int // cells of a slot
	mapped  [][]byte
}

func mapMemory(o *kernelObjects, stages int) (*memory, error) {
	m := &memory{stages: stages}
	var starts [3]unsafe.Pointer
	for i, a := range [...]*ebpf.Map{o.SedaThreads, o.SedaIndex, o.SedaCells} {
		mem, err := mapArray(a)
		if err != nil {
			return nil, errors.Join(err, m.unmap())
		}
		m.mapped = append(m.mapped, mem)
		starts[i] = unsafe.Pointer(&mem[0])
	}
	m.records = unsafe.Slice((*record)(starts[0]), o.SedaThreads.MaxEntries())
	m.index = unsafe.Slice((*place)(starts[1]), o.SedaIndex.MaxEntries())
	m.cells = unsafe.Slice((*cell)(starts[2]), o.SedaCells.MaxEntries())
	return m, nil
}

// mapArray maps a map's descriptor: the library's own mapping has no typed pointers and no end.
func mapArray(a *ebpf.Map) ([]byte, error) {
	size := int(a.MaxEntries()) * int(a.ValueSize())
	page := os.Getpagesize()
	mem, err := unix.Mmap(a.FD(), 0, (size+page-1)/page*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return mem, os.NewSyscallError("mmap", err)
}

// row returns the cells of a slot, one for each stage.
func (m *memory) row(slot uint32) []cell {
	from := int(slot) * m.stages
	return m.cells[from : from+m.stages : from+m.stages]
}

// clear makes a free slot as good as new, but for the sequence number: a program that found the thread before may still be at work, and has
// to leave it even.
func (m *memory) clear(slot uint32) {
	r := &m.records[slot]
	r.stage.Store(0)
	rest := unsafe.Sizeof(*r) - unsafe.Offsetof(r.generation)
	clear(unsafe.Slice((*byte)(unsafe.Pointer(&r.generation)), rest))
	clear(m.row(slot))
}

// blank puts pages of zeros in the place of the kernel's, which it gives back. A reader that is under way then finds generation 0, and a stage word can
// still be written: readers need no lock, which would cost them more than all they read.
func (m *memory) blank() error {
	var errs []error
	for _, mem := range m.mapped {
		_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(&mem[0]), uintptr(len(mem)), unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_FIXED|unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
		errs = append(errs, os.NewSyscallError("mmap", err))
	}
	return errors.Join(errs...)
}

func (m *memory) unmap() error {
	var errs []error
	for _, mem := range m.mapped {
		errs = append(errs, os.NewSyscallError("munmap", unix.Munmap(mem)))
	}
	return errors.Join(errs...)
}
