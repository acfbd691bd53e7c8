//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seda-go/seda/affinity"
)

// grace is how much longer than asked the process that soaks may take before it counts as hanging: more than any patience inside.
const grace = 3 * time.Minute

// keep runs the process that soaks. The kernel kills that process with the keeper, also while it is stopped.
func keep(length time.Duration, seed uint64, out, errs io.Writer) error {
	runtime.LockOSThread() // the kernel takes the end of the thread that starts the process for that of the keeper
	defer runtime.UnlockOSThread()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM) // there may be a cpuset to remove
	defer stop()
	c := exec.CommandContext(ctx, self, "-for", length.String(), "-seed", strconv.FormatUint(seed, 10))
	c.Env = append(os.Environ(), inside+"=1")
	c.Stdout, c.Stderr = out, errs
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	wishes, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = wishes.Close() }()
	c.ExtraFiles = []*os.File{theirs}
	done, err := c.StdinPipe()
	if err != nil {
		return errors.Join(err, theirs.Close())
	}
	if err := errors.Join(c.Start(), theirs.Close()); err != nil {
		return err
	}
	defer endLate(c.Process, length+grace)()
	set, err := newCPUSet(c.Process.Pid)
	defer set.remove()
	if err != nil {
		fmt.Fprintf(errs, "soak: without cpusets: %v\n", err)
	}
	k := keeper{c.Process, set, err == nil}
	if err := errors.Join(k.serve(wishes, done), c.Wait()); err != nil {
		return fmt.Errorf("the process that soaks: %w", err)
	}
	return nil
}

// endLate ends a process that does not end by itself. It returns what calls that off.
func endLate(p *os.Process, after time.Duration) (stop func()) {
	ask := time.AfterFunc(after, func() { _ = p.Signal(syscall.SIGQUIT) }) // which makes it show its goroutines
	kill := time.AfterFunc(after+10*time.Second, func() { _ = p.Kill() })
	return func() {
		ask.Stop()
		kill.Stop()
	}
}

// keeper does to the process that soaks what that cannot do itself.
type keeper struct {
	process *os.Process
	set     cpuset
	sets    bool // there is a set
}

// serve reads wishes, fulfils them and says that it has, or that it cannot, until the process ends.
func (k *keeper) serve(wishes io.Reader, done io.Writer) error {
	for lines := bufio.NewScanner(wishes); lines.Scan(); {
		what, how, _ := strings.Cut(lines.Text(), " ")
		answer := fulfilled
		switch what {
		case "stop":
			d, err := time.ParseDuration(how)
			if err != nil {
				return err
			}
			if k.process.Signal(syscall.SIGSTOP) != nil {
				return nil // it has ended
			}
			time.Sleep(d)
			_ = k.process.Signal(syscall.SIGCONT)
		case "cpus":
			if !k.sets || k.set.set(how) != nil {
				answer = denied
			}
		}
		_, _ = done.Write([]byte{answer})
	}
	return nil
}

const (
	fulfilled byte = '+'
	denied    byte = '-'
)

// wisher is how the process that soaks tells its keeper.
type wisher struct {
	wishes io.Writer
	done   io.Reader
}

func newWisher() wisher { return wisher{os.NewFile(3, "wishes"), os.Stdin} }

// stop returns when the process was stopped for d.
func (w wisher) stop(d time.Duration) error {
	_, err := w.ask("stop", d)
	return err
}

// cpus changes the CPUs of the process, and reports whether that can be done.
func (w wisher) cpus(set affinity.Set) (bool, error) { return w.ask("cpus", set) }

func (w wisher) ask(what string, how fmt.Stringer) (bool, error) {
	if _, err := fmt.Fprintln(w.wishes, what, how); err != nil {
		return false, err
	}
	var answer [1]byte
	_, err := io.ReadFull(w.done, answer[:])
	return answer[0] == fulfilled, err
}
