package engine_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// drawing is what a text in the DOT language says: the label of each node, in lines, and the edges with their labels.
type drawing struct {
	label string
	nodes map[string]string
	edges map[[2]string]string
}

var (
	dotToken = regexp.MustCompile(`^(?:\s+|"(?:[^"\\]|\\.)*"|->|[A-Za-z0-9_]+|[\[\]{}=,;])`)
	dotNode  = regexp.MustCompile(`^\w+$`)
)

// draw reads as much of the language as WriteDOT uses, and requires that the text has nothing else.
func draw(t *testing.T, text string) drawing {
	t.Helper()
	var tokens []string
	for rest := text; rest != ""; {
		tok := dotToken.FindString(rest)
		require.NotEmpty(t, tok, "not a token: %.40q", rest)
		rest = rest[len(tok):]
		if strings.TrimSpace(tok) != "" {
			tokens = append(tokens, tok)
		}
	}
	require.Equal(t, []string{"digraph", "engine", "{"}, tokens[:3])
	require.Equal(t, "}", tokens[len(tokens)-1])
	d := drawing{nodes: map[string]string{}, edges: map[[2]string]string{}}
	for tokens = tokens[3 : len(tokens)-1]; len(tokens) > 0; {
		end := 0
		for tokens[end] != ";" {
			end++
			require.Less(t, end, len(tokens), "a statement without end")
		}
		d.statement(t, tokens[:end])
		tokens = tokens[end+1:]
	}
	return d
}

func (d *drawing) statement(t *testing.T, s []string) {
	label := ""
	if open := strings.Join(s, " "); strings.Contains(open, "[") {
		require.Equal(t, "]", s[len(s)-1])
	}
	for i, tok := range s {
		if tok == "=" && s[i-1] == "label" {
			label = unquote(s[i+1])
		}
	}
	switch {
	case len(s) == 3 && s[1] == "=":
		if s[0] == "label" {
			d.label = label
		}
	case s[0] == "node", s[0] == "edge":
	case len(s) >= 3 && s[1] == "->":
		require.Contains(t, d.nodes, s[0])
		_, known := d.nodes[s[2]]
		require.True(t, known || strings.HasPrefix(s[2], "stage"), "edge to %s", s[2])
		d.edges[[2]string{s[0], s[2]}] = label
	default:
		require.Regexp(t, dotNode, s[0])
		require.NotContains(t, d.nodes, s[0])
		d.nodes[s[0]] = label
	}
}

// unquote returns what a quoted string shows.
func unquote(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", "&amp;", "&").Replace(s[1 : len(s)-1])
}

func dotOf(t *testing.T, s engine.Stats) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, s.WriteDOT(&out))
	return out.String()
}

// rendered returns the lines of text in the picture that Graphviz makes, or nothing where it is not installed.
func rendered(t *testing.T, text string) (lines []string, installed bool) {
	t.Helper()
	program, err := exec.LookPath("dot")
	if err != nil {
		return nil, false
	}
	cmd := exec.CommandContext(limited(t), program, "-Tsvg")
	cmd.Stdin = strings.NewReader(text)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	svg, err := cmd.Output()
	require.NoError(t, err, complaints.String())
	in := false
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return lines, true
		}
		require.NoError(t, err)
		switch v := tok.(type) {
		case xml.StartElement:
			in = v.Name.Local == "text"
		case xml.CharData:
			if in {
				lines = append(lines, strings.ReplaceAll(string(v), "\u00a0", " "))
			}
		case xml.EndElement:
			in = false
		}
	}
}

// A live graph is drawn with the numbers of its statistics.
func TestWriteDOT(t *testing.T) {
	c := apart(twoShared)
	c.Name = "shop"
	h := newHop(t, c, engine.Block)
	failures(h.e, h.a)
	lossy := engine.Connect(h.a, h.b)
	lossy.Full = engine.Drop
	engine.Connect(h.b, h.a).Timed = true
	keyed := engine.Add(h.e, stageConfig{Name: "keyed", Blocking: 1, Key: func(v int) uint64 { return uint64(v) }})
	keyed.Handle(ignore)
	engine.NewSplitter(h.e, engine.SplitterConfig{Name: "split"}, keyed)
	require.Empty(t, draw(t, dotOf(t, h.e.Stats())).nodes, "before Start")
	start(t, h.e)
	submit(t, h.a, 0, 1)
	h.gate.wait(t)
	submit(t, h.a, 1, 20)
	eventually(t, "b's ring is full", func() bool { return h.e.Stats().Stage("b").Depth == 3 && h.e.Asleep(0) })
	text := dotOf(t, h.e.Stats())
	d := draw(t, text)
	require.Contains(t, d.label, "shop\nup ")
	require.Contains(t, d.label, ", plan 1, ")
	require.Len(t, d.nodes, 5+5+2, "stages, inlets and workers")
	require.Contains(t, d.nodes["stage0"], "a\nplain\n17 waiting, the oldest for ")
	require.Contains(t, d.nodes["stage0"], "\n3 completed\n")
	require.Contains(t, d.nodes["stage1"], "b\nserial\n3 waiting")
	require.Contains(t, d.nodes["stage2"], "failures\nserial\n0 waiting, the oldest for 0s\n0 completed\n0.0 a batch, 0s an event")
	require.Contains(t, d.nodes["stage3"], "keyed\nkeyed, blocking\n")
	require.Contains(t, d.nodes["stage4"], "split\nsplitter\n")
	require.Equal(t, "submit\n20 accepted", d.nodes["stage0_in0"])
	require.Contains(t, d.edges, [2]string{"stage0_in0", "stage0"})
	require.Equal(t, "drop\n0 entered", d.edges[[2]string{"stage0", "stage1"}], "the second edge")
	require.Contains(t, text, "stage0 -> stage1 [style=solid, label=\"block\\n3 entered\"]")
	require.Equal(t, "failures\n0 entered", d.edges[[2]string{"stage0", "stage2"}])
	require.Equal(t, "block\n0 entered", d.edges[[2]string{"stage4", "stage3"}])
	require.Equal(t, "timed\n0 entered", d.edges[[2]string{"stage1", "stage0"}])
	require.Contains(t, d.nodes["worker1"], "worker 1\nunpinned\nslept ")
	require.Regexp(t, "^for ", d.edges[[2]string{"worker1", "stage1"}])
	require.NotContains(t, d.edges, [2]string{"worker0", "stage0"})
	if lines, installed := rendered(t, text); installed {
		require.Subset(t, lines, strings.Split(d.nodes["stage0"], "\n"))
	}
	h.gate.open()
	drain(t, h.e)
	draw(t, dotOf(t, h.e.Stats()))
}

// Names are shown as they are, whatever is in them, and cannot break out of their quotes.
func TestWriteDOTNames(t *testing.T) {
	names := []string{
		`say "hi"`, `back\slash`, `ends with \`, "two\nlines", `\n \l \N`, "&lt; & &amp;", "<b>bold</b>", `"]; evil [label="`, "tab\tand\rcr", "Größe 大",
		"]", "}", "//", "/* */", "#", "",
	}
	shown := strings.NewReplacer("\t", " ", "\r", " ")
	var s engine.Stats
	s.Engine = names[0]
	for i, name := range names {
		to := names[(i+1)%len(names)]
		s.Stages = append(s.Stages, engine.StageStats{
			Name: name, Kind: "plain", Failed: 2, Expired: 3, Direct: 4, Threads: 6, Long: 5, Blocked: 8, HeadAge: 1234567 * time.Nanosecond, Depth: 7,
			Inlets: []engine.InletStats{{Name: name, Accepted: 5, Refused: 6, Waiting: 7}},
			Edges:  []engine.EdgeStats{{From: name, To: to, Full: engine.Drop, Entered: 1, Dropped: 2, Owed: 3, Pending: 4}},
		})
	}
	s.Workers = []engine.WorkerStats{{CPU: 3, Parks: 2, Parked: time.Second, Stage: names[3], Since: 4096}, {CPU: -1}}
	text := dotOf(t, s)
	d := draw(t, text)
	require.Contains(t, d.label, names[0]+"\n")
	require.Len(t, d.nodes, 2*len(names)+2)
	require.Equal(t, "worker 0\nCPU 3\nslept 2 times, 1s in all", d.nodes["worker0"])
	require.Equal(t, "for 4.1µs", d.edges[[2]string{"worker0", "stage3"}])
	require.Equal(t, "drop\n1 entered, 2 dropped, 3 owed, 4 for later", d.edges[[2]string{"stage0", "stage1"}])
	require.Contains(t, text, "style=dashed, color=red")
	lines, installed := rendered(t, text)
	for i, name := range names {
		id := "stage" + string(rune('0'+i))
		if i >= 10 {
			id = "stage1" + string(rune('0'+i-10))
		}
		want := shown.Replace(name)
		require.Equal(t, want+"\nplain\n7 waiting, the oldest for 1.23ms\n0 completed, 2 failed, 3 expired, 4 direct, 6 threads\n0.0 a batch, 0s an event, 5 batches long, 8 times blocked", d.nodes[id])
		require.Equal(t, want+"\n5 accepted, 6 refused, 7 calls waiting", d.nodes[id+"_in0"])
		if installed {
			for line := range strings.SplitSeq(want, "\n") {
				if line != "" {
					require.Contains(t, lines, line)
				}
			}
		}
	}
	broken := "bad \xff utf-8"
	text = dotOf(t, engine.Stats{Stages: []engine.StageStats{{Name: broken, Kind: "plain"}}})
	require.Contains(t, draw(t, text).nodes["stage0"], "bad \ufffd utf-8\n")
	rendered(t, text)
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteDOTFails(t *testing.T) {
	require.ErrorIs(t, engine.Stats{}.WriteDOT(brokenPipe{}), errBroken)
}
