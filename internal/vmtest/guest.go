package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// guest is an emulated machine with one of Debian's kernels.
type guest struct {
	kernel   string // which series
	release  string // of Debian, that has it
	arch     string // as Go and Debian call it
	counters string // of hardware events, that must be there
	packages []string
}

var guests = []guest{
	{"6.1", "bookworm", "amd64", "", packages},
	{"6.12", "trixie", "amd64", "", packages},
	{"6.12", "trixie", "arm64", "cycles", packages},
	{"6.12", "trixie", "arm64", "cycles,instructions", []string{"probes/perf"}},
}

// packages are those whose tests are run.
var packages = []string{"probes", "probes/procfs", "probes/perf", "probes/bpf", "probes/profile", "affinity"}

// machine is what emulates an architecture.
type machine struct{ qemu, pkg, flags, console string }

var machines = map[string]machine{
	"amd64": {"qemu-system-x86_64", "qemu-system-x86", machineX86, "ttyS0"},
	"arm64": {"qemu-system-aarch64", "qemu-system-arm", "-machine virt -cpu max,pauth-impdef=on -smp 4", "ttyAMA0"},
}

// instructions reports whether these are counted: all of them take the same time then, and one CPU runs at a time.
func (g guest) instructions() bool { return strings.Contains(g.counters, "instructions") }

// machineX86 has two sockets with a node of memory each.
const machineX86 = "-machine q35 -cpu max -smp 8,sockets=2,cores=4" +
	" -object memory-backend-ram,id=m0,size=512M -object memory-backend-ram,id=m1,size=512M" +
	" -numa node,nodeid=0,cpus=0-3,memdev=m0 -numa node,nodeid=1,cpus=4-7,memdev=m1 -numa dist,src=0,dst=1,val=32"

func (g guest) String() string {
	if g.instructions() {
		return g.kernel + " " + g.arch + " instructions"
	}
	return g.kernel + " " + g.arch
}

// patience is how long a guest may take: ten times what it needs on a machine that does nothing else. Beside twelve busy threads on two CPUs five were too few.
const patience = 15 * time.Minute

// run boots the kernel with the archive and returns what the guest wrote to its console, with plain ends of lines. The CPUs of a guest take turns:
// with a thread for each it was not only slower, some now and then never got past an instruction that was patched under them, as happens when a
// program is attached to a tracepoint (qemu 7.2, amd64, in text_poke_bp).
func (g guest) run(ctx context.Context, kernel, archive string, o options) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m := machines[g.arch]
	args := strings.Fields(m.flags + " -accel tcg,thread=single -m 1024 -nographic -no-reboot -nodefaults -serial stdio -net none")
	if g.instructions() {
		args = append(args, "-icount", "shift=1")
	}
	// Without the check the kernel does not take a timer that is late, on a busy machine, for one that is broken.
	args = append(args, "-kernel", kernel, "-initrd", archive, "-append", "console="+m.console+" loglevel="+o.loglevel+" panic=-1 no_timer_check rdinit=/init SEDA_RUN="+o.tests+" SEDA_COUNTERS="+g.counters)
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, m.qemu, args...)
	cmd.Stdout = io.MultiWriter(&out, o.console)
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	if ctx.Err() != nil {
		err = errors.Join(fmt.Errorf("stopped after %v", patience), err)
	}
	return strings.ReplaceAll(out.String(), "\r", ""), err
}
