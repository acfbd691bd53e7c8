package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// guest is an emulated machine with one of Debian's kernels.
type guest struct {
	kernel  string // which series
	release string // of Debian, that has it
	arch    string // as Go and Debian call it
	qemu    string // the emulator
	machine string // its flags
	console string
}

// A thread per CPU, but for arm64: instructions are counted where they take all the same time, and then the emulator has one thread.
var guests = []guest{
	{"6.1", "bookworm", "amd64", "qemu-system-x86_64", machineX86, "ttyS0"},
	{"6.12", "trixie", "amd64", "qemu-system-x86_64", machineX86, "ttyS0"},
	{"6.12", "trixie", "arm64", "qemu-system-aarch64", "-machine virt -cpu max -smp 4 -icount shift=1", "ttyAMA0"},
}

// machineX86 has two sockets with a node of memory each.
const machineX86 = "-machine q35 -cpu max -smp 8,sockets=2,cores=4" +
	" -object memory-backend-ram,id=m0,size=512M -object memory-backend-ram,id=m1,size=512M" +
	" -numa node,nodeid=0,cpus=0-3,memdev=m0 -numa node,nodeid=1,cpus=4-7,memdev=m1 -numa dist,src=0,dst=1,val=32"

func (g guest) String() string { return g.kernel + " " + g.arch }

// patience is how long a guest may take.
const patience = 4 * time.Minute

// run boots the kernel with the archive and returns what the guest wrote to its console, with plain ends of lines.
func (g guest) run(ctx context.Context, kernel, archive string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	args := strings.Fields(g.machine + " -accel tcg -m 1024 -nographic -no-reboot -nodefaults -serial stdio -net none")
	args = append(args, "-kernel", kernel, "-initrd", archive, "-append", "console="+g.console+" quiet panic=-1 rdinit=/init")
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, g.qemu, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		err = errors.Join(fmt.Errorf("stopped after %v", patience), err)
	}
	return strings.ReplaceAll(out.String(), "\r", ""), err
}
