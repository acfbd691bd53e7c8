package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"strings"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
)

// Input is one file, and what is to be said of it in words.
type Input struct {
	Name    string
	File    report.File
	Machine string
	Notes   []string // what disturbed the runs, and which of them do not count
	Verdict []string // what the runs mean
	// ScaleLines are sentences of each of File.Scales, ScaleTables of all of them.
	ScaleLines  [][]string
	ScaleTables []Table
}

// Table is text in columns, of which the first names the row.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
	Prose   bool // cells are words, which wrap
}

// Comparison is what several files say beside one another.
type Comparison struct {
	Notes  []string // what else differs
	Tables []Table
}

// Picture is a plot as a file of its own.
type Picture struct{ Name, SVG string }

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	script string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"verdict": verdict}).Parse(pageText))
)

// verdict is the class of a cell that ends in a judgement.
func verdict(cell string) string {
	last := cell[strings.LastIndexByte(cell, ' ')+1:]
	return map[string]string{"ok": "good", "better": "good", "short": "bad", "worse": "bad"}[last]
}

// Page is everything there is to show.
type Page struct {
	Policy   string // for content: what the page may load and run
	Style    template.CSS
	Script   template.JS
	Files    []file
	Compared Comparison
}

type file struct {
	Input
	ID       string
	Further  []string // of Verdict, what is beyond shownVerdicts: shown on demand
	Sections []section
}

// shownVerdicts is how many sentences are read before the first plot; each load has one.
const shownVerdicts = 10

type section struct {
	ID, Heading, Text string
	Choice            string // what one chooses, where there are several views
	Chosen            int
	Views             []view
	Tables            []Table
	Folded            []Table // shown on demand
}

type view struct {
	Name    string
	Lines   []string
	Figures []figure
	Folded  []Table // shown on demand
}

type figure struct {
	Name    string // for a file
	Title   string
	Kind    string // plot or graph
	Drawing template.HTML
	Legend  []entry
	file    func() string
}

// entry is a series in a legend.
type entry struct {
	Series int
	Name   string
	Swatch template.HTML
}

// New makes a page of files, and of what compares them.
func New(inputs []Input, compared Comparison) *Page {
	style := plot.Style + pageStyle
	p := &Page{
		Policy: fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src '%s'; script-src '%s'", hash(style), hash(script)),
		Style:  template.CSS(style), Script: template.JS(script), Compared: compared,
	}
	looks := looksOf(inputs)
	for i, in := range inputs {
		f := file{Input: in, ID: fmt.Sprintf("file%d", i+1)}
		d := data{Input: in, looks: looks, groups: groupsOf(ordered(in.File))}
		for _, s := range d.sections() {
			s.ID = f.ID + "-" + slug(s.Heading)
			f.Sections = append(f.Sections, s)
		}
		if n := len(in.Verdict); n > shownVerdicts {
			f.Verdict, f.Further = in.Verdict[:shownVerdicts], in.Verdict[shownVerdicts:]
		}
		p.Files = append(p.Files, f)
	}
	return p
}

// hash is how a policy for content names a text that is allowed.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Write writes the page.
func (p *Page) Write(w io.Writer) error { return pageTemplate.Execute(w, p) }

// Pictures are all plots of the page, each with a name of its own that is fit for a file.
func (p *Page) Pictures() (all []Picture) {
	taken := map[string]int{}
	for _, f := range p.Files {
		for _, s := range f.Sections {
			for _, v := range s.Views {
				for _, fig := range v.Figures {
					name := slug(strings.TrimSuffix(filepath.Base(f.Name), ".json") + "-" + fig.Name)
					if taken[name]++; taken[name] > 1 {
						name = fmt.Sprintf("%s-%d", name, taken[name])
					}
					all = append(all, Picture{name + ".svg", fig.file()})
				}
			}
		}
	}
	return all
}

// slug keeps of a text what is safe in names of files and in addresses.
func slug(text string) string {
	const most = 80
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case b.Len() >= most:
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-.")
}

func plotted(name string, p plot.Plot) figure {
	f := figure{Name: name, Title: p.Title, Kind: "plot", Drawing: template.HTML(p.Inline()), file: p.File}
	for i, s := range p.Series {
		f.Legend = append(f.Legend, entry{i, s.Name, template.HTML(s.Swatch())})
	}
	return f
}
