package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/debug"
)

// address is where a program serves what engine/debug has to show.
type address struct {
	shown  string // as the user gave it
	base   string // URL that ends in a slash
	client http.Client
}

const (
	topPath    = "/debug/seda/"  // where the handler is, unless the user says so
	topPatient = 5 * time.Second // how long an answer may take
	topLargest = 16 << 20        // bytes of an answer
	topRecent  = 20              // decisions asked for
)

// parseAddress understands host:port, unix:FILE, a path with a slash, and a URL.
func parseAddress(text string) (*address, error) {
	a := &address{shown: text}
	transport := &http.Transport{}
	a.client = http.Client{Transport: transport, Timeout: topPatient}
	file, unix := strings.CutPrefix(text, "unix:")
	scheme, _, schemed := strings.Cut(text, "://")
	switch {
	case unix && file == "":
		return nil, fmt.Errorf("%q, want unix:FILE", text)
	case schemed && !unix && !slices.Contains([]string{"http", "https"}, strings.ToLower(scheme)):
		return nil, fmt.Errorf("%q: nothing is asked by %s: want http:// or https://, host:port, unix:FILE, or a path with a slash", text, scheme)
	case schemed && !unix:
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q, want a URL such as http://localhost:8080%s", text, topPath)
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = topPath
		}
		u.Path, u.RawQuery, u.Fragment = strings.TrimSuffix(u.Path, "/")+"/", "", ""
		a.base = u.String()
	case unix || strings.Contains(text, "/"):
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", file)
		}
		a.base = "http://unix" + topPath
	default:
		_, port, err := net.SplitHostPort(text)
		if err != nil || port == "" {
			return nil, fmt.Errorf("%q, want host:port, unix:FILE, a path with a slash, or a URL", text)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%q: port %s, want 1 to 65535", text, port)
		}
		a.base = "http://" + text + topPath
		if _, err := url.Parse(a.base); err != nil {
			return nil, fmt.Errorf("%q: %s is no name of a host", text, strings.TrimSuffix(text, ":"+port))
		}
	}
	return a, nil
}

func (a *address) String() string { return a.shown }

func (a *address) close() { a.client.CloseIdleConnections() }

// reading is what an engine said of itself at one time. The zero reading is before it was made.
type reading struct {
	engine.Stats
	decisions []engine.Decision
	at        time.Time // when it came
}

func (a *address) look(ctx context.Context) (r reading, err error) {
	var s debug.Statistics
	body, err := a.get(ctx, "stats")
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(body, &s); err != nil || s.Schema != debug.Schema {
		return r, fmt.Errorf("%s: what answers there is not an engine: want %s from %sstats", a, debug.Schema, a.base)
	}
	r.Stats, r.at = s.Stats, time.Now()
	if body, err = a.get(ctx, fmt.Sprintf("explain?n=%d", topRecent)); err != nil {
		return r, err
	}
	for d := json.NewDecoder(strings.NewReader(string(body))); ; {
		var one engine.Decision
		switch err := d.Decode(&one); {
		case errors.Is(err, io.EOF):
			return r, nil
		case err != nil:
			return r, fmt.Errorf("%s: decisions: %w", a, err)
		}
		r.decisions = append(r.decisions, one)
	}
}

// looked is what one look brought.
type looked struct {
	reading
	err error
}

// watch looks again and again until ctx ends.
func (a *address) watch(ctx context.Context, every time.Duration, to chan<- looked) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r, err := a.look(ctx)
		select {
		case <-ctx.Done():
			return
		case to <- looked{r, err}:
		}
	}
}

func (a *address) get(ctx context.Context, page string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+page, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a, err)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return nil, a.fault(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s%s answers %s: is engine/debug served there? Give its URL if it is not at %s", a, a.base, page, res.Status, topPath)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, topLargest))
	if err != nil {
		return nil, a.fault(ctx, err)
	}
	return body, nil
}

// fault says in a line why there was no answer.
func (a *address) fault(ctx context.Context, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var timeout interface{ Timeout() bool }
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return fmt.Errorf("%s: nothing listens there: %w", a, err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: no answer in %v", a, topPatient)
	}
	return fmt.Errorf("%s: %w", a, err)
}
