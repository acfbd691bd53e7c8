package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// value is a flag that is parsed when it is set, so that an error names the flag.
type value struct {
	text  string
	parse func(text string) error
}

func (v *value) String() string { return v.text }
func (v *value) Type() string   { return "" }

func (v *value) Set(text string) error {
	if err := v.parse(text); err != nil {
		return err
	}
	v.text = text
	return nil
}

// flags is a set of flags whose errors are usage errors and name what is allowed.
type flags struct {
	set    *pflag.FlagSet
	given  map[string]bool // after parse: those among the arguments
	unsaid map[string]bool // those that the command that does the same again does not have
	takes  []string        // what the arguments that are not flags are, all of which are needed
}

// andMore is what the last of flags.takes ends in where there may be several.
const andMore = "..."

func newFlags(verb string) *flags {
	f := &flags{set: pflag.NewFlagSet(verb, pflag.ContinueOnError), given: map[string]bool{}, unsaid: map[string]bool{}}
	f.set.SetOutput(io.Discard)
	f.set.SortFlags = false
	f.set.Usage = func() {}
	return f
}

// add makes a flag with a default, which goes through parse like any other value.
func (f *flags) add(name, short, byDefault, about string, parse func(string) error) {
	v := &value{parse: parse}
	if byDefault != "" {
		if err := v.Set(byDefault); err != nil {
			panic(fmt.Sprintf("default of --%s: %v", name, err))
		}
	}
	f.set.VarP(v, name, short, about)
}

// only returns the flags of these names for another verb, in this order.
func (f *flags) only(verb string, names ...string) *flags {
	some := newFlags(verb)
	for _, name := range names {
		some.set.AddFlag(f.set.Lookup(name))
	}
	return some
}

// beside lets help tell of a flag in the line of the one before it, where lines are scarce.
func (f *flags) beside(name string) { f.set.Lookup(name).Hidden = true }

// change gives a flag another default, and says something else about it, where that is not empty.
func (f *flags) change(name, byDefault, about string) {
	flag := f.set.Lookup(name)
	if byDefault != "" {
		if err := flag.Value.Set(byDefault); err != nil {
			panic(fmt.Sprintf("default of --%s: %v", name, err))
		}
		flag.DefValue = byDefault
	}
	if about != "" {
		flag.Usage = about
	}
}

func (f *flags) parse(args []string) error {
	err := f.set.Parse(args)
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case err == nil:
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			return usagef("unknown flag -%s, want %s", short, f.names())
		}
		return usagef("unknown flag --%s, want %s", unknown.GetSpecifiedName(), f.names())
	case errors.As(err, &invalid):
		return usagef("--%s: %w", invalid.GetFlag().Name, errors.Unwrap(err))
	default:
		return usageError{err}
	}
	f.set.Visit(func(flag *pflag.Flag) { f.given[flag.Name] = true })
	return f.checkArguments()
}

func (f *flags) checkArguments() error {
	n, wanted := f.set.NArg(), len(f.takes)
	switch {
	case n == wanted, n > wanted && wanted > 0 && strings.HasSuffix(f.takes[wanted-1], andMore):
		return nil
	case n < wanted:
		return usagef("%s is missing: usage is sedabench %s [flags] %s", strings.TrimSuffix(f.takes[n], andMore), f.set.Name(), strings.Join(f.takes, " "))
	}
	only := "flags only"
	if wanted > 0 {
		only = strings.Join(f.takes, " and ")
	}
	return usagef("unexpected argument %q: %s takes %s", f.set.Arg(wanted), f.set.Name(), only)
}

// names lists the flags as they are written.
func (f *flags) names() string {
	var names []string
	f.set.VisitAll(func(flag *pflag.Flag) {
		name := "--" + flag.Name
		if flag.Shorthand != "" {
			name = "-" + flag.Shorthand
		}
		names = append(names, name)
	})
	return strings.Join(names, ", ")
}

// help describes the flags, one a line but for those beside others, with their defaults.
func (f *flags) help() string {
	var lines []string
	f.set.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			lines[len(lines)-1] += fmt.Sprintf("; --%s: %s", flag.Name, flag.Usage)
			return
		}
		name := "--" + flag.Name
		if flag.Shorthand != "" {
			name = "-" + flag.Shorthand + ", " + name
		}
		line := fmt.Sprintf("  %-16s %s", name, flag.Usage)
		if flag.DefValue != "" {
			line += fmt.Sprintf(" [%s]", flag.DefValue)
		}
		lines = append(lines, line)
	})
	return strings.Join(lines, "\n") + "\n"
}

// list parses comma-separated values without repetitions.
func list[T comparable](into *[]T, parse func(string) (T, error)) func(string) error {
	return func(text string) error {
		var all []T
		for part := range strings.SplitSeq(text, ",") {
			v, err := parse(part)
			if err != nil {
				return err
			}
			for _, before := range all {
				if before == v {
					return fmt.Errorf("%q is named twice", part)
				}
			}
			all = append(all, v)
		}
		*into = all
		return nil
	}
}

// one parses a single value.
func one[T any](into *T, parse func(string) (T, error)) func(string) error {
	return func(text string) (err error) {
		v, err := parse(text)
		if err == nil {
			*into = v
		}
		return err
	}
}

// integer returns a parser of whole numbers from low to high.
func integer(low, high int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("%q, want a whole number from %d to %d", text, low, high)
		}
		return n, nil
	}
}

// period returns a parser of durations from low to high.
func period(low, high time.Duration) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < low || d > high {
			return 0, fmt.Errorf("%q, want a time from %s to %s, such as 250ms", text, low, high)
		}
		return d, nil
	}
}

// oneOf returns a parser of names.
func oneOf(what string, names ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		for _, name := range names {
			if text == name {
				return text, nil
			}
		}
		return "", fmt.Errorf("unknown %s %q, want %s", what, text, strings.Join(names, ", "))
	}
}

// commandLine writes all flags that have a value; with a preset, those that it looks at.
func commandLine(f *flags, preset string) string {
	words := []string{"sedabench " + f.set.Name()}
	f.set.VisitAll(func(flag *pflag.Flag) {
		if f.unsaid[flag.Name] || preset != "" && !findPreset(preset).looksAt(flag.Name, f.given) {
			return
		}
		if text := flag.Value.String(); text != "" && flag.Name != "output" && flag.Name != "out" {
			words = append(words, "--"+flag.Name+" "+shellWord(text))
		}
	})
	return strings.Join(words, " ")
}

// shellWord is text as a shell reads it back.
func shellWord(text string) string {
	if !strings.ContainsAny(text, " \t\n<>&|;$`\"'*?()[]{}~#!\\") {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func joined[T any](list []T) string {
	var texts []string
	for _, r := range list {
		texts = append(texts, fmt.Sprint(r))
	}
	return strings.Join(texts, ",")
}
