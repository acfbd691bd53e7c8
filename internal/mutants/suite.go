package mutants

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Mutant is a change that makes a package wrong.
type Mutant struct {
	Rule  string // what it breaks
	What  string
	File  string // relative to the package's directory
	Old   string // stands once in the file
	New   string
	Tests string // one of these has to notice: names, of subtests too, separated by |
	Build string // the tag that these are built with, or race: under the race detector; empty: none
	Model string // or the variant of the model that stands for it, as in its run.sh
}

// Suite is a package and its mutants.
type Suite struct {
	Package  string        // its directory, relative to the module's
	Patience time.Duration // bounds the tests of one mutant: those that take longer hang
	Mutants  []Mutant      // in the order of the table
}

// Check reports every mutant whose text does not stand once in its file, below the root of the module. It costs next to nothing: a test calls it,
// so that a change of the code finds the mutants that it leaves behind, however long ago somebody ran them.
func (s Suite) Check(root string) error {
	var errs []error
	for _, m := range s.Mutants {
		text, err := os.ReadFile(filepath.Join(root, s.Package, m.File))
		if err != nil {
			errs = append(errs, err)
		} else if n := bytes.Count(text, []byte(m.Old)); n != 1 {
			errs = append(errs, fmt.Errorf("%s, %q: %s has this text %d times:\n%s", m.Rule, m.What, m.File, n, m.Old))
		}
	}
	return errors.Join(errs...)
}

// Run prints the table of the mutants to out, so many at a time, and reports whether all of them are killed. There is no table when ctx has ended.
func (s Suite) Run(ctx context.Context, jobs int, out io.Writer) (bool, error) {
	if len(s.Mutants) == 0 {
		return false, errors.New("no line of the table matches")
	}
	t, err := newTree(ctx, s)
	if err != nil {
		return false, err
	}
	defer t.remove()
	if err := t.prepare(ctx); err != nil {
		return false, cmp.Or(ctx.Err(), err)
	}
	results := make([]result, len(s.Mutants))
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(jobs, 1))
	for i, m := range s.Mutants {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = t.judge(ctx, i+1, m)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return report(out, s.Mutants, results), nil
}
