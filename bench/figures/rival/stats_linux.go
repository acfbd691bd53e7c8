//go:build amd64 || arm64

package rival

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Statistics lets the kernel time all programs, which costs each some tens of nanoseconds, until they are closed.
func Statistics() (io.Closer, error) { return ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME)) }

// NSPerRun returns what a run of the program took so far, on average, while there were statistics. The program is the one of that name that
// this process holds open.
func NSPerRun(name string) (float64, error) {
	files, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		id, ok := programID(f)
		if !ok {
			continue
		}
		ns, is, err := nsPerRun(id, name)
		if is || err != nil {
			return ns, err
		}
	}
	return 0, errors.New("no such program is open: " + name)
}

func nsPerRun(id ebpf.ProgramID, name string) (ns float64, is bool, err error) {
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return 0, false, err
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil || info.Name != name {
		return 0, false, err
	}
	st, err := p.Stats()
	if err == nil && st.RunCount == 0 {
		err = errors.New("the program did not run: " + name)
	}
	if err != nil {
		return 0, true, err
	}
	return float64(st.Runtime) / float64(st.RunCount), true, nil
}

// programID reads what the kernel says of a descriptor; those of programs have an id.
func programID(fdinfo string) (ebpf.ProgramID, bool) {
	f, err := os.Open(fdinfo)
	if err != nil {
		return 0, false // it was closed meanwhile
	}
	defer f.Close()
	program := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch key {
		case "link_type":
			return 0, false // it names the program that it attaches
		case "prog_type":
			program = true
		case "prog_id":
			id, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
			return ebpf.ProgramID(id), program && err == nil
		}
	}
	return 0, false
}
