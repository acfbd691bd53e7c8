package layers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/seda-go/seda"

// A source is one Go file.
type source struct {
	name string // slash-separated, from the root of the tree
	file *ast.File
	fset *token.FileSet
}

func (s source) dir() string  { return path.Dir(s.name) }
func (s source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// localName returns the name that package p has in the file, or "".
func (s source) localName(p string) string {
	for _, spec := range s.file.Imports {
		if spec.Path.Value == strconv.Quote(p) {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path.Base(p)
		}
	}
	return ""
}

// at is the file and line of n.
func (s source) at(n ast.Node) string {
	return s.name + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// root is the directory of the root module.
func root(t *testing.T) string {
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "go.mod"))
	return dir
}

// files calls visit with the slash-separated name and the text of every file in
// the tree, other than those of version control.
func files(t *testing.T, visit func(name string, text []byte)) {
	top := root(t)
	require.NoError(t, filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() || d.Name() == ".git" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, name)
		visit(filepath.ToSlash(rel), text)
		return err
	}))
}

// sources parses every Go file of the tree outside testdata, nested modules
// included.
func sources(t *testing.T) []source {
	var all []source
	files(t, func(name string, text []byte) {
		if strings.HasSuffix(name, ".go") && !strings.Contains(name, "testdata/") {
			all = append(all, parse(t, name, string(text)))
		}
	})
	require.NotEmpty(t, all)
	return all
}

func parse(t *testing.T, name, text string) source {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	return source{name: name, file: file, fset: fset}
}

// nested returns the directories of the modules inside the root module.
func nested(t *testing.T) []string {
	var dirs []string
	files(t, func(name string, _ []byte) {
		if path.Base(name) == "go.mod" && name != "go.mod" {
			dirs = append(dirs, path.Dir(name))
		}
	})
	return dirs
}

// within reports whether dir is one of tops or below it.
func within(dir string, tops ...string) bool {
	for _, top := range tops {
		if dir == top || strings.HasPrefix(dir, top+"/") {
			return true
		}
	}
	return false
}
