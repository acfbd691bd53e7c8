//go:build amd64 || arm64

package rival

import (
	"errors"
	"os"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Programs are those of the first design at work.
type Programs struct {
	objects kernelObjects
	links   []link.Link
	slots   atomic.Uint32
}

// Open loads the programs and lets them run.
func Open() (*Programs, error) {
	spec, err := loadKernel()
	if err != nil {
		return nil, err
	}
	if err := spec.Variables[kernelVarOwner].Set(uint32(os.Getpid())); err != nil { // of the initial pid namespace, or nothing is found
		return nil, err
	}
	p := &Programs{}
	if err := spec.LoadAndAssign(&p.objects, nil); err != nil {
		return nil, err
	}
	for _, prog := range []*ebpf.Program{p.objects.RivalSwitch, p.objects.RivalWakeup, p.objects.RivalMigrate, p.objects.RivalEmpty} {
		l, err := link.AttachTracing(link.TracingOptions{Program: prog})
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.links = append(p.links, l)
	}
	return p, nil
}

// Register begins to watch the calling thread, until it ends.
func (p *Programs) Register() error {
	r := kernelRivalRegistration{Slot: p.slots.Add(1) - 1}
	_, err := p.objects.RivalRegister.Run(&ebpf.RunOptions{Context: &r, ContextOut: &r})
	if err == nil && r.Error != 0 {
		err = unix.Errno(r.Error)
	}
	return err
}

// Close detaches the programs.
func (p *Programs) Close() error {
	var errs []error
	for _, l := range p.links {
		errs = append(errs, l.Close())
	}
	return errors.Join(append(errs, p.objects.Close())...)
}
