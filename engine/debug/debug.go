package debug

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/seda-go/seda/engine"
)

// Schema names the form of what is served as stats. Fields may be added to it; what is there keeps its name and meaning.
const Schema = "seda-debug/1"

// Statistics is what is served as stats.
type Statistics struct {
	Schema string `json:"schema"`
	engine.Stats
}

// Handler returns a handler that serves what e knows of itself. It goes by the last element of the path alone, so it can be mounted at any
// path that ends in a slash, with http.StripPrefix or without; programs of several engines mount one for each. It is safe for concurrent use.
func Handler(e *engine.Engine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		p, known := pages[name]
		switch {
		case !known:
			http.Error(w, "no "+strconv.Quote(name)+" here", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only to be read", http.StatusMethodNotAllowed)
		default:
			p.serve(w, r, e)
		}
	})
}

// page is something that is served.
type page struct {
	contentType string
	write       func(w io.Writer, e *engine.Engine, r *http.Request) error
}

// badRequest is a mistake in a request.
type badRequest struct{ error }

var pages = map[string]page{
	"":          {"text/html; charset=utf-8", writeIndex},
	"stats":     {"application/json", writeStats},
	"metrics":   {"text/plain; version=0.0.4; charset=utf-8", func(w io.Writer, e *engine.Engine, _ *http.Request) error { return writeMetrics(w, e.Stats()) }},
	"explain":   {"application/x-ndjson", writeExplain},
	"graph.svg": {"image/svg+xml", func(w io.Writer, e *engine.Engine, _ *http.Request) error { return WriteSVG(w, e.Stats()) }},
	"graph.dot": {"text/vnd.graphviz; charset=utf-8", func(w io.Writer, e *engine.Engine, _ *http.Request) error { return e.Stats().WriteDOT(w) }},
}

// serve writes the page as a whole: what goes wrong on the way is an error, not half a page.
func (p page) serve(w http.ResponseWriter, r *http.Request, e *engine.Engine) {
	var body bytes.Buffer
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if err := p.write(&body, e, r); err != nil {
		status := http.StatusInternalServerError
		if _, bad := err.(badRequest); bad {
			status = http.StatusBadRequest
		}
		http.Error(w, err.Error(), status)
		return
	}
	h.Set("Content-Type", p.contentType)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'")
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes()) // a client that has gone does not want to know
	}
}

func writeStats(w io.Writer, e *engine.Engine, _ *http.Request) error {
	s := e.Stats()
	s.Workers, s.Stages = list(s.Workers), list(s.Stages)
	for i := range s.Stages {
		st := &s.Stages[i]
		st.Inlets, st.Edges = list(st.Inlets), list(st.Edges)
	}
	return json.NewEncoder(w).Encode(Statistics{Schema, s})
}

// list makes an empty list of none, which is null in JSON.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func writeExplain(w io.Writer, e *engine.Engine, r *http.Request) error {
	all := e.Explain()
	if text := r.URL.Query().Get("n"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return badRequest{fmt.Errorf("n=%q, want how many decisions to show", text)}
		}
		all = all[max(len(all)-n, 0):]
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, d := range all {
		if err := out.Encode(d); err != nil {
			return err
		}
	}
	return nil
}

// index refreshes itself, which keeps the picture live without a script.
var index = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="2"><meta name="viewport" content="width=device-width"><title>{{.Engine}}</title>
<style>:root { color-scheme: light dark } body { font-family: sans-serif; margin: 1em } img { max-width: 100%; height: auto }</style></head>
<body>
<h1>{{.Engine}}{{if ne .State "running"}}: {{.State}}{{end}}</h1>
<p><a href="stats">stats</a>, <a href="metrics">metrics</a>, <a href="explain">explain</a>, <a href="graph.svg">graph.svg</a>, <a href="graph.dot">graph.dot</a></p>
{{if .Stages}}<img src="graph.svg" alt="stages, edges and workers, with their numbers">{{else}}<p>{{if eq .State "ended"}}It has ended without having run.{{else}}It has not been started.{{end}}</p>{{end}}
</body>
</html>
`))

func writeIndex(w io.Writer, e *engine.Engine, _ *http.Request) error {
	return index.Execute(w, e.Stats())
}
