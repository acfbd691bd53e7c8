package debug

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seda-go/seda/engine"
)

// group is all lines of a metric.
type group struct {
	name string
	bytes.Buffer
}

// writeMetrics writes the samples in the text format of Prometheus, version 0.0.4, which wants all lines of a metric in one group.
func writeMetrics(w io.Writer, s engine.Stats) error {
	groups := map[string]*group{}
	for _, m := range s.Samples() {
		g := groups[m.Name]
		if g == nil {
			g = &group{name: metricName(m.Metric)}
			fmt.Fprintf(g, "# HELP %s %s\n# TYPE %s %s\n", g.name, m.Help, g.name, m.Kind)
			groups[m.Name] = g
		}
		g.sample(s.Engine, m)
	}
	for _, m := range engine.Metrics() {
		g := groups[m.Name]
		if g == nil {
			continue // it has no such part: a graph of one stage has no edge
		}
		if _, err := w.Write(g.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// metricName returns the name for Prometheus: of "/stage/head-age:seconds" it is seda_stage_head_age_seconds. The unit is part of it, since
// there are /stage/blocked:sleeps and /stage/blocked:seconds, unless the name ends in the same word.
func metricName(m engine.Metric) string {
	path, unit, _ := strings.Cut(m.Name, ":")
	name := "seda" + strings.NewReplacer("/", "_", "-", "_").Replace(path)
	if !strings.HasSuffix(name, "_"+unit) {
		name += "_" + unit
	}
	if m.Kind == "counter" {
		name += "_total"
	}
	return name
}

func (g *group) sample(name string, m engine.Sample) {
	g.WriteString(g.name)
	before := byte('{')
	for _, label := range [...]struct{ name, value string }{{"engine", name}, {"worker", m.Worker}, {"stage", m.Stage}, {"inlet", m.Inlet}, {"edge", m.Edge}} {
		if label.value != "" {
			fmt.Fprintf(g, `%c%s="%s"`, before, label.name, labelValue(label.value))
			before = ','
		}
	}
	fmt.Fprintf(g, "} %s\n", strconv.FormatFloat(m.Value, 'g', -1, 64)) // an engine has a name: there is always a label
}

// labelValue escapes what the format wants escaped. It allows UTF-8 only: another byte is shown as \xff.
func labelValue(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\\x%02x`, text[0])
		case r == '\\', r == '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		default:
			b.WriteRune(r)
		}
		text = text[n:]
	}
	return b.String()
}
