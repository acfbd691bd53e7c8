package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// initrd is the file system that a guest begins with: an archive in the "newc" format of cpio, which the kernel unpacks into memory
// (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
type initrd struct {
	out   bytes.Buffer
	inode int
}

const (
	modeFolder  = 0o040755
	modeProgram = 0o100755
)

func (a *initrd) entry(name string, mode int, data []byte) {
	a.inode++
	const owner, group, links, modified, device, checksum = 0, 0, 1, 0, 0, 0
	fmt.Fprint(&a.out, "070701")
	for _, field := range [...]int{a.inode, mode, owner, group, links, modified, len(data), device, device, device, device, len(name) + 1, checksum} {
		fmt.Fprintf(&a.out, "%08X", field)
	}
	a.out.WriteString(name + "\x00")
	a.align()
	a.out.Write(data)
	a.align()
}

// align fills up with zeros to four bytes.
func (a *initrd) align() { a.out.Write(make([]byte, -a.out.Len()&3)) }

func (a *initrd) folder(name string) { a.entry(name, modeFolder, nil) }

func (a *initrd) file(name, from string) error {
	data, err := os.ReadFile(from)
	if err == nil {
		a.entry(name, modeProgram, data)
	}
	return err
}

// tree adds a folder with all that is in it, if there is one.
func (a *initrd) tree(name, from string) error {
	if _, err := os.Stat(from); err != nil {
		return nil
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		to := filepath.ToSlash(filepath.Join(name, rest))
		if d.IsDir() {
			a.folder(to)
			return nil
		}
		return a.file(to, path)
	})
}

// write ends the archive.
func (a *initrd) write(name string) error {
	a.entry("TRAILER!!!", 0, nil)
	return os.WriteFile(name, a.out.Bytes(), 0o600)
}
