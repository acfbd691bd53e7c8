package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/seda-go/seda/cmd/sedabench/internal/page"
	"github.com/seda-go/seda/internal/report"
)

// reportName is the page that report writes unless it is told another name, and that sedabench without arguments leaves.
const reportName = "sedabench-report.html"

// standard is the file name of standard input and output.
const standard = "-"

// reportOptions is what the flags of report say.
type reportOptions struct {
	out string
	svg string // directory; empty: none
}

func reportFlags(o *reportOptions) *flags {
	f := newFlags("report")
	f.takes = []string{"RESULT.json" + andMore}
	f.add("out", "", reportName, "file to write the page to; -: standard output", one(&o.out, fileName))
	f.add("svg", "", "", "directory to write each plot to as well, as an SVG file", one(&o.svg, fileName))
	return f
}

func reportHelp() string {
	var o reportOptions
	return `usage: sedabench report [flags] RESULT.json...

Makes one HTML page of files that run, scale and certify wrote with -o json (-: standard input): plots by load, by workers and over
time, stages, findings and tables. The page loads nothing from elsewhere. Further files are compared with the first where their work is the same.

flags:
` + reportFlags(&o).help() + `
examples:
  sedabench report new.json
  sedabench report --out page.html old.json new.json
  sedabench report --out page.html --svg plots new.json
`
}

func reportVerb(ctx context.Context, args []string, s streams) error {
	var o reportOptions
	f := reportFlags(&o)
	if err := f.parse(args); err != nil {
		return err
	}
	names := f.set.Args()
	if i := slices.Index(names, standard); i >= 0 && slices.Contains(names[i+1:], standard) {
		return usagef("%s is named twice: standard input can be read once", standard)
	}
	if err := o.check(names); err != nil {
		return usageError{err}
	}
	var files []report.File
	for _, name := range names {
		file, err := readResult(name, s.in)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	p := page.New(inputs(names, files), compared(names, files))
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.svg != "" {
		if err := writePictures(o.svg, p.Pictures()); err != nil {
			return err
		}
	}
	return writePage(o.out, p, s.out)
}

// check finds, before anything is read, what cannot be written, and what must not be: results that are replaced by their page are lost.
func (o *reportOptions) check(names []string) error {
	if _, err := resultName(o.out); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if o.svg != "" {
		if _, err := directoryName(o.svg); err != nil {
			return fmt.Errorf("--svg: %w", err)
		}
	}
	out, err := os.Stat(o.out)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, name := range names {
		if in, err := os.Stat(name); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("--out: %s is one of the results, want another name for the page", o.out)
		}
	}
	return nil
}

func readResult(name string, in io.Reader) (report.File, error) {
	if name != standard {
		return report.ReadFile(name)
	}
	file, err := report.ReadJSON(in)
	if err != nil {
		return file, fmt.Errorf("standard input: %w", err)
	}
	return file, nil
}

// writePage writes the page, and says where to unless it is written there as well.
func writePage(name string, p *page.Page, out io.Writer) error {
	if name == standard {
		return p.Write(out)
	}
	if err := writeWhole(name, p.Write); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "report  %s\n", name)
	return err
}

func writePictures(dir string, pictures []page.Picture) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, p := range pictures {
		err := writeWhole(filepath.Join(dir, p.Name), func(w io.Writer) error {
			_, err := io.WriteString(w, p.SVG)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inputs puts into words what a page says of each file.
func inputs(names []string, files []report.File) (all []page.Input) {
	for i, f := range files {
		in := page.Input{Name: names[i], File: f, Machine: machineText(f.Machine), Notes: append(incomplete(f), disturbance(f)...)}
		if in.Name == standard {
			in.Name = "standard input"
		}
		if len(f.Findings)+len(f.Scales) == 0 { // which have verdicts of their own
			in.Verdict = verdict(report.Summarize(f.Runs))
		}
		in.ScaleTables = scaleTables(f.Scales)
		for _, s := range f.Scales {
			in.ScaleLines = append(in.ScaleLines, scaleLines(s))
		}
		all = append(all, in)
	}
	return all
}

// scaleTables are what was measured of all architectures, and what was not.
func scaleTables(all []report.Scale) (tables []page.Table) {
	head := append([]string{"architecture"}, scaleHead...)
	measured := page.Table{Caption: "Measured", Head: head}
	simulated := page.Table{Caption: "Simulated, not measured", Head: []string{"architecture", "workers", "predicted", "times one", "of ideal", "as far off as measured"}}
	for _, s := range all {
		for i, cells := range scaleTable(s).Rows()[1:] {
			p := s.Points[i]
			if p.Kind != report.Simulated {
				measured.Rows = append(measured.Rows, append([]string{s.Arch}, cells...))
			} else if p.Predicted != nil {
				around := "-"
				if _, _, known := s.Off(); known {
					e := s.Around(p)
					around = report.Count(e.Low) + ".." + report.Count(e.High)
				}
				simulated.Rows = append(simulated.Rows, []string{s.Arch, cells[0], cells[5], cells[3], cells[4], around})
			}
		}
	}
	for _, t := range []page.Table{measured, simulated} {
		if len(t.Rows) > 0 {
			tables = append(tables, t)
		}
	}
	return tables
}

// compared is each further file beside the first, where both did the same work and have rows in common: a page of one study has files of which neither
// says anything of the other.
func compared(names []string, files []report.File) (c page.Comparison) {
	for i := 1; i < len(files); i++ {
		pair := names[0] + " and " + names[i]
		v := view(names[0], names[i], files[0], files[i])
		if why := v.incomparable(); why != "" {
			c.Notes = append(c.Notes, pair+" are not compared: "+why)
			continue
		}
		for _, line := range v.differences {
			c.Notes = append(c.Notes, pair+": "+line)
		}
		if n := len(v.unmatched); n > 0 {
			c.Notes = append(c.Notes, fmt.Sprintf("%s: only one of them has %s, which sedabench compare names", pair, report.Plural(n, "row")))
		}
		for _, change := range v.changes {
			caption := fmt.Sprintf("%s (old), %s (new): %s, %s", names[0], names[i], change.Load, report.Plural(change.Workers, "worker"))
			if n := len(c.Tables); n == 0 || c.Tables[n-1].Caption != caption {
				c.Tables = append(c.Tables, page.Table{Caption: caption, Head: changeHead})
			}
			t := &c.Tables[len(c.Tables)-1]
			t.Rows = append(t.Rows, v.changeCells(change))
		}
	}
	return c
}

// leaveReport writes the page of a study where nobody asked for one, which therefore is no reason to fail.
func (st *study) leaveReport() error {
	file := st.file()
	p := page.New(inputs([]string{"this run"}, []report.File{file}), page.Comparison{})
	path, err := filepath.Abs(reportName)
	if err == nil {
		err = writeWhole(path, p.Write)
	}
	if err != nil {
		fmt.Fprintf(st.errs, "warning: no report: %v\n", err)
		return nil
	}
	_, err = fmt.Fprintf(st.out, "report  %s\n", path)
	return err
}

// writeWhole writes a file under another name, and gives it its own when it is complete. What is no regular file, such as a pipe, is written to as it is.
func writeWhole(name string, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		out, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(out), out.Close())
	}
	part := partOf(name)
	out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if err := errors.Join(write(out), out.Sync(), out.Close()); err != nil { // some file systems know only then that they are full
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, name); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// partOf is the name of a file until it is complete: no other process that makes the same file has it.
func partOf(name string) string { return fmt.Sprintf("%s.%d.part", name, os.Getpid()) }
