//go:build amd64 || arm64

package bpf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pins is a folder of pinned maps and programs. Links are not among them: a pinned link stays attached after the process has ended.
type pins struct{ dir string }

// pin makes the folder seda/<process id> in a bpf file system, or seda/<process id>-2 and so on for further sources of one process.
func pin(bpffs string, o *kernelObjects) (*pins, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(bpffs, &st); err != nil {
		return nil, &os.PathError{Op: "statfs", Path: bpffs, Err: err}
	}
	if st.Type != unix.BPF_FS_MAGIC {
		return nil, fmt.Errorf("%s is not a bpf file system: mount -t bpf bpf %[1]s", bpffs)
	}
	top := filepath.Join(bpffs, "seda")
	if err := makeFolder(top); err != nil {
		return nil, err
	}
	sweep(top)
	p, err := makePins(filepath.Join(top, strconv.Itoa(os.Getpid())))
	if err != nil {
		return nil, err
	}
	pinned := []struct {
		name string
		of   interface{ Pin(string) error }
	}{
		{"threads", o.SedaThreads},
		{"cells", o.SedaCells},
		{"takers", o.SedaTakers},
		{"index", o.SedaIndex},
		{"switch", o.SedaSwitch},
		{"wakeup", o.SedaWakeup},
		{"migrate", o.SedaMigrate},
	}
	for _, x := range pinned {
		if err := x.of.Pin(filepath.Join(p.dir, x.name)); err != nil {
			return nil, errors.Join(err, p.remove())
		}
	}
	return p, nil
}

// makeFolder makes the folder unless it is there. A link is none: who may write to the file system could have any folder swept.
func makeFolder(name string) error {
	if err := os.Mkdir(name, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	switch info, err := os.Lstat(name); {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", name)
	}
	return nil
}

func makePins(dir string) (*pins, error) {
	name := dir
	for n := 2; ; n++ {
		err := os.Mkdir(name, 0o700)
		if err == nil {
			return &pins{name}, nil
		}
		if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		name = dir + "-" + strconv.Itoa(n)
	}
}

// sweep removes the folders of processes that are no more. One whose pid is of another namespace may look so: its maps live on, without names.
func sweep(top string) {
	dirs, _ := os.ReadDir(top)
	for _, d := range dirs {
		id, _, _ := strings.Cut(d.Name(), "-")
		pid, err := strconv.Atoi(id)
		if err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			_ = os.RemoveAll(filepath.Join(top, d.Name()))
		}
	}
}

// remove takes back the names; what they named lives on in the source.
func (p *pins) remove() error {
	if p == nil {
		return nil
	}
	return os.RemoveAll(p.dir)
}
