package workfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seda-go/seda/internal/workload"
)

// field is how the value of a field is taken.
type field struct {
	name string
	take func(v any) error
}

// readTable takes the fields of a table. who names it in errors.
func (r *reader) readTable(path, who string, table map[string]any, fields []field) error {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		at := path + "." + name
		if i < 0 {
			names := make([]string, len(fields))
			for k := range fields {
				names[k] = fields[k].name
			}
			return r.bad(at, "%s: no field %s; want %s", who, name, strings.Join(names, ", "))
		}
		if err := fields[i].take(table[name]); err != nil {
			return r.bad(at, "%s: %s: %w", who, name, err)
		}
	}
	return nil
}

func (r *reader) readStage(i int, table map[string]any, s *workload.Stage) error {
	who := fmt.Sprintf("stage number %d", i+1)
	if name, ok := table["name"].(string); ok {
		who = fmt.Sprintf("stage %q", name)
	} else if table["name"] == nil {
		return r.bad(fmt.Sprintf("stage.%d", i), "%s: name: missing; want one", who)
	}
	var service *workload.Service
	var work *workload.Work
	err := r.readTable(fmt.Sprintf("stage.%d", i), who, table, []field{
		{"name", text(&s.Name)},
		{"service", parsed(&service, workload.ParseService)},
		{"work", parsed(&work, computing)},
		{"next", each(&s.Next, "names of stages", asText)},
		{"shares", each(&s.Shares, "numbers, one for each next", asNumber)},
		{"keyed", truth(&s.Keyed)},
		{"rounds", whole(&s.Rounds)},
	})
	r.file.Services, r.file.Works = append(r.file.Services, service), append(r.file.Works, work)
	return err
}

// computing is work that a single stage may have: how many may block at a time is a matter of all.
func computing(text string) (workload.Work, error) {
	w, err := workload.ParseWork(text)
	if err == nil && w.Blocks() {
		err = fmt.Errorf("%s: only all stages may block, by a flag; want spin or memory:<KiB or MiB>", w)
	}
	return w, err
}

// loadFlags are the flags that [load] may set.
var loadFlags = []string{"arrival", "rate", "clients", "think", "keys"}

func (r *reader) readLoad(table map[string]any) error {
	var fields []field
	for _, name := range loadFlags {
		fields = append(fields, field{name, func(v any) error {
			t, err := asFlag(v)
			r.file.Load = append(r.file.Load, Setting{name, t, r.at("load." + name)})
			return err
		}})
	}
	return r.readTable("load", "load", table, fields)
}

// asFlag writes a value as a flag would have it.
func asFlag(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return "", fmt.Errorf("empty; leave it out instead")
		}
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("want a text or a number")
}

func text(into *string) func(any) error {
	return func(v any) (err error) {
		*into, err = asText(v)
		return err
	}
}

func asText(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("want a text in quotes")
	}
	return s, nil
}

func asNumber(v any) (float64, error) {
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	}
	return 0, fmt.Errorf("want a number")
}

// parsed takes a text that means something.
func parsed[T any](into **T, parse func(string) (T, error)) func(any) error {
	return func(v any) error {
		s, err := asText(v)
		if err != nil {
			return err
		}
		p, err := parse(s)
		*into = &p
		return err
	}
}

// each takes a list of what as takes.
func each[T any](into *[]T, what string, as func(any) (T, error)) func(any) error {
	return func(v any) error {
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("want a list of %s", what)
		}
		*into = []T{}
		for _, element := range list {
			e, err := as(element)
			if err != nil {
				return fmt.Errorf("want a list of %s", what)
			}
			*into = append(*into, e)
		}
		return nil
	}
}

func truth(into *bool) func(any) error {
	return func(v any) error {
		b, ok := v.(bool)
		if !ok {
			return fmt.Errorf("want true or false")
		}
		*into = b
		return nil
	}
}

func whole(into *int) func(any) error {
	return func(v any) error {
		n, ok := v.(int64)
		if !ok || n < 1 || n > workload.MaxRounds {
			return fmt.Errorf("want a whole number from 1 to %d", workload.MaxRounds)
		}
		*into = int(n)
		return nil
	}
}
