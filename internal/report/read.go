package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadFile reads what -o json wrote. Errors name the file.
func ReadFile(name string) (File, error) {
	in, err := os.Open(name)
	if err != nil {
		return File{}, err // names the file
	}
	defer in.Close()
	f, err := ReadJSON(in)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// ReadJSON reads one object of the schema, and refuses what is of another or goes on after it. Fields it does not know are left out: a later
// version of the same schema may have more.
func ReadJSON(r io.Reader) (File, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return File{}, err
	}
	var kind struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return File{}, fmt.Errorf("not what sedabench -o json writes: %w", place(text, err))
	}
	if kind.Schema != Schema {
		return File{}, fmt.Errorf("the schema is %q, want %q, which sedabench run -o json writes", kind.Schema, Schema)
	}
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		return File{}, fmt.Errorf("not of schema %s: %w", Schema, place(text, err))
	}
	return f, f.check()
}

// check says what is missing that every reader relies on.
func (f File) check() error {
	for i, r := range f.Runs {
		if r.Load.Rate == nil && r.Load.Clients == nil {
			return fmt.Errorf("runs[%d].load: neither rate_per_s nor clients", i)
		}
	}
	for i, s := range f.Scales {
		if len(s.Points) == 0 {
			return fmt.Errorf("scales[%d]: no points", i)
		}
	}
	return nil
}

// place adds the line to an error that knows only the byte.
func place(text []byte, err error) error {
	at := int64(-1)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	if at < 0 || at > int64(len(text)) {
		return err
	}
	line := 1
	for _, c := range text[:at] {
		if c == '\n' {
			line++
		}
	}
	return fmt.Errorf("line %d: %w", line, err)
}
