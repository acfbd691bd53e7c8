package profile

import (
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	pprof "github.com/google/pprof/profile"
)

// program is where the code of this process is mapped.
type program struct{ mappings []*pprof.Mapping }

func thisProgram() program {
	exe, _ := os.Executable()
	maps, _ := os.ReadFile("/proc/self/maps")
	list := parseMaps(maps, exe)
	if len(list) == 0 {
		list = []*pprof.Mapping{{ID: 1, Limit: 1 << 63, File: exe}} // pprof wants to know which program it is
	}
	for _, m := range list {
		if m.BuildID = buildID(m.File); m.File == exe {
			m.BuildID = buildID("/proc/self/exe") // the name may be that of a newer one by now
			m.HasFunctions, m.HasFilenames, m.HasLineNumbers, m.HasInlineFrames = true, true, true, true
		}
	}
	return program{list}
}

// parseMaps reads executable mappings, those of the program first: pprof takes the first one for that.
func parseMaps(maps []byte, exe string) (list []*pprof.Mapping) {
	var others []*pprof.Mapping
	for line := range strings.Lines(string(maps)) {
		var m pprof.Mapping
		fields := strings.SplitN(strings.TrimSpace(line)+" ", " ", 6) // the last one is a name, which may have blanks in it, too
		if len(fields) < 6 || !strings.Contains(fields[1], "x") {
			continue
		}
		if n, _ := fmt.Sscanf(fields[0]+" "+fields[2], "%x-%x %x", &m.Start, &m.Limit, &m.Offset); n < 3 {
			continue
		}
		m.File = strings.TrimSuffix(strings.TrimSpace(fields[5]), " (deleted)") // as os.Executable does
		if m.File == exe {
			list = append(list, &m)
		} else {
			others = append(others, &m)
		}
	}
	list = append(list, others...)
	for i, m := range list {
		m.ID = uint64(i + 1)
	}
	return list
}

func (p program) mapping(pc uint64) *pprof.Mapping {
	for _, m := range p.mappings {
		if m.Start <= pc && pc < m.Limit {
			return m
		}
	}
	return nil
}

// buildID returns what the linker wrote into the file's note for this, in hexadecimal; "" if it wrote nothing.
func buildID(file string) string {
	if !filepath.IsAbs(file) {
		return "" // the kernel's own, such as [vdso]
	}
	f, err := elf.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	section := f.Section(".note.gnu.build-id")
	if section == nil {
		return ""
	}
	const nameLen = 4 // "GNU\0"
	head := make([]byte, 12+nameLen)
	r := section.Open()
	if _, err := io.ReadFull(r, head); err != nil || f.ByteOrder.Uint32(head) != nameLen {
		return ""
	}
	id := make([]byte, min(f.ByteOrder.Uint32(head[4:]), 64))
	if _, err := io.ReadFull(r, id); err != nil {
		return ""
	}
	return hex.EncodeToString(id)
}

// frames names the instruction at pc: the function it is in, after those that were inlined there. Nothing if it is not Go.
func frames(pc uint64) (list []runtime.Frame) {
	const last = 0 // or the runtime leaves out into which functions the last address was inlined
	all := runtime.CallersFrames([]uintptr{uintptr(pc) + 1, last})
	for more := true; more; {
		var f runtime.Frame
		if f, more = all.Next(); f.PC != 0 {
			list = append(list, f)
		}
	}
	return list
}
