package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// topOptions is what the flags of top say.
type topOptions struct {
	every  time.Duration
	once   bool
	output string
}

func topFlags(o *topOptions) *flags {
	f := newFlags("top")
	f.takes = []string{"ADDRESS"}
	f.add("every", "", "1s", "how often to look", one(&o.every, period(100*time.Millisecond, time.Hour)))
	f.set.BoolVar(&o.once, "once", false, "look twice, --every apart, print that, and end; so it is where standard output is no terminal")
	f.set.Lookup("once").DefValue = ""
	f.add("output", "o", "text", "text or json; json is one object, as with --once", one(&o.output, oneOf("output", "text", "json")))
	return f
}

func topHelp() string {
	var o topOptions
	return `usage: sedabench top [flags] ADDRESS

Shows the stages and workers of a running program, and what its engine decides, live. The program has to serve them:
http.Handle("/debug/seda/", debug.Handler(e)), of package engine/debug. ADDRESS is host:port, unix:FILE or a path with a
slash for a unix socket, or the URL of the handler where that is not /debug/seda/. q or Ctrl-C ends it, s sorts stages by
another column.

Rates and times are of what happened between two looks.

flags:
` + topFlags(&o).help() + `
examples:
  sedabench top localhost:8080
  sedabench top --once unix:/run/shop.sock
  sedabench top -o json http://localhost:8080/debug/seda/
`
}

func topVerb(ctx context.Context, args []string, s streams) error {
	var o topOptions
	f := topFlags(&o)
	if err := f.parse(args); err != nil {
		return err
	}
	from, err := parseAddress(f.set.Arg(0))
	if err != nil {
		return usageError{err}
	}
	defer from.close()
	screen, ok := s.out.(*os.File)
	if o.once || o.output == "json" || !ok || !term.IsTerminal(int(screen.Fd())) {
		return topOnce(ctx, from, o, s.out)
	}
	return topLive(ctx, from, o, s.in, screen)
}

// topOnce prints what happened between two looks.
func topOnce(ctx context.Context, from *address, o topOptions, w io.Writer) error {
	before, err := from.look(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(o.every):
	case <-ctx.Done():
		return ctx.Err()
	}
	now, err := from.look(ctx)
	if err != nil {
		return err
	}
	v := topOf(from.String(), before, now)
	if o.output == "json" {
		return v.writeJSON(w)
	}
	return v.writeText(w)
}

// topLive shows what happens until the user has seen enough. An engine that does not answer is asked again: it may be starting anew.
func topLive(ctx context.Context, from *address, o topOptions, in io.Reader, out *os.File) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	before, err := from.look(ctx)
	if err != nil {
		return err // nothing has been shown: it is more likely a mistake in the address
	}
	s, err := openScreen(in, out)
	if err != nil {
		return err
	}
	defer s.close()
	looks, resized := make(chan looked), time.NewTicker(200*time.Millisecond)
	defer resized.Stop()
	go from.watch(ctx, o.every, looks)
	l := &live{screen: s, view: topOf(from.String(), reading{}, before), seen: time.Now()}
	for l.show(); ; l.show() {
		select {
		case <-ctx.Done():
			return nil // as the user wished
		case key := <-s.keys:
			if !l.press(key) {
				return nil
			}
		case <-resized.C:
			s.measure()
		case now := <-looks:
			if l.missing = now.err; now.err == nil {
				l.view, before, l.seen = topOf(from.String(), before, now.reading), now.reading, time.Now()
			}
		}
	}
}

// live is what is on the screen.
type live struct {
	*screen
	view    topView
	sort    int       // index into topSorts
	seen    time.Time // when the engine answered last
	missing error     // why it does not now
}

// press does what a key means, and reports whether to go on.
func (l *live) press(key byte) bool {
	switch key {
	case 'q', 'Q', ctrlC:
		return false
	case 's':
		l.sort = (l.sort + 1) % len(topSorts)
	}
	return true
}

func (l *live) show() {
	note := fmt.Sprintf("by %s: s sorts, q quits", topSorts[l.sort].name)
	if l.missing != nil {
		note = fmt.Sprintf("no answer for %s, q quits, trying again: %v", time.Since(l.seen).Round(time.Second), l.missing)
	}
	l.draw(note, l.view.sorted(l.sort).lines())
}
