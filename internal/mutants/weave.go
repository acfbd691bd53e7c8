package mutants

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"strings"
)

// chosen is the variable that says which mutant a woven function is to be.
const chosen = "chosenMutant"

// weave returns the file's text with all mutants in it, so that the tests are compiled once for all of them. A function that mutants change
// becomes one that calls the mutant that was chosen, or the function as it was:
//
//	func (w *worker) end()         { switch chosenMutant { case 3: w.endMutant3(); return }; w.endMutant0() }
//	func (w *worker) endMutant0()  { as it was }
//	func (w *worker) endMutant3()  { changed }
//
// Mutants that are left change what is not within a function.
func weave(text []byte, mutants map[int]Mutant) (woven []byte, left map[int]Mutant, err error) {
	file := token.NewFileSet()
	parsed, err := parser.ParseFile(file, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	left = maps.Clone(mutants)
	at := func(p token.Pos) int { return file.Position(p).Offset }
	for i := len(parsed.Decls) - 1; i >= 0; i-- { // from the end, so that offsets stay right
		f, ok := parsed.Decls[i].(*ast.FuncDecl)
		if !ok {
			continue
		}
		from, to := at(f.Pos()), at(f.End())
		body := string(text[from:to])
		versions := map[int]string{}
		for n, m := range left {
			if strings.Contains(body, m.Old) {
				versions[n] = strings.Replace(body, m.Old, m.New, 1)
				delete(left, n)
			}
		}
		if len(versions) == 0 {
			continue
		}
		versions[0] = body
		woven, err := choose(body, versions)
		if err != nil {
			return nil, nil, err
		}
		text = append(append(bytes.Clone(text[:from]), woven...), text[to:]...)
	}
	return text, left, nil
}

// choose returns the declarations of all versions of a function, and of the one that picks among them.
func choose(original string, versions map[int]string) (string, error) {
	f, err := parseFunc(original)
	if err != nil {
		return "", err
	}
	head, call := f.header()
	var all, cases strings.Builder
	for n, text := range versions {
		version, err := parseFunc(text)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&all, "\n\n%s", version.renamed(n))
		if n == 0 {
			continue
		}
		if f.Type.Results != nil {
			fmt.Fprintf(&cases, "\tcase %d:\n\t\treturn %s\n", n, call(n))
		} else {
			fmt.Fprintf(&cases, "\tcase %d:\n\t\t%s\n\t\treturn\n", n, call(n))
		}
	}
	last := call(0)
	if f.Type.Results != nil {
		last = "return " + last
	}
	return fmt.Sprintf("%s {\n\tswitch %s {\n%s\t}\n\t%s\n}%s", head, chosen, &cases, last, &all), nil
}

// function is the declaration of one, with its text.
type function struct {
	*ast.FuncDecl
	text string
	at   func(token.Pos) int
}

func parseFunc(text string) (*function, error) {
	const head = "package p\n"
	file := token.NewFileSet()
	parsed, err := parser.ParseFile(file, "", head+text, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, text)
	}
	f := &function{parsed.Decls[0].(*ast.FuncDecl), text, func(p token.Pos) int { return file.Position(p).Offset - len(head) }}
	return f, nil
}

func (f *function) source(n ast.Node) string { return f.text[f.at(n.Pos()):f.at(n.End())] }

func versionName(name string, n int) string { return fmt.Sprintf("%sMutant%d", name, n) }

// renamed returns the text as version n.
func (f *function) renamed(n int) string {
	return f.text[:f.at(f.Name.Pos())] + versionName(f.Name.Name, n) + f.text[f.at(f.Name.End()):]
}

// header returns the function's head with parameters that all have names, and the call of version n with them.
func (f *function) header() (head string, call func(n int) string) {
	receiver, types, params, args := "", "", []string{}, []string{}
	prefix := ""
	if f.Recv != nil {
		receiver, prefix = "(self "+f.source(f.Recv.List[0].Type)+") ", "self."
	}
	if f.Type.TypeParams != nil {
		types = f.source(f.Type.TypeParams)
	}
	for _, field := range f.Type.Params.List {
		for range max(len(field.Names), 1) {
			name := fmt.Sprintf("p%d", len(params))
			params = append(params, name+" "+f.source(field.Type))
			if _, variadic := field.Type.(*ast.Ellipsis); variadic {
				name += "..."
			}
			args = append(args, name)
		}
	}
	head = fmt.Sprintf("func %s%s%s(%s)", receiver, f.Name.Name, types, strings.Join(params, ", "))
	if f.Type.Results != nil {
		head += " " + f.source(f.Type.Results)
	}
	return head, func(n int) string {
		return fmt.Sprintf("%s%s(%s)", prefix, versionName(f.Name.Name, n), strings.Join(args, ", "))
	}
}
