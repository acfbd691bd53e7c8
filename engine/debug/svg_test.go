package debug_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever stages are called, the picture is well-formed XML without scripts, and shows the names, and HTML is not broken out of.
func TestPicture(t *testing.T) {
	e, in := graph(t, odd...)
	require.Contains(t, get(t, e, "/"), "has not been started")
	texts, _ := drawn(t, get(t, e, "/graph.svg"))
	require.Contains(t, texts[0], `shop "a" <b>`, "before Start")
	run(t, e, in)
	page := get(t, e, "/")
	require.Contains(t, page, "<h1>shop &#34;a&#34; &lt;b&gt;</h1>")
	require.Contains(t, page, `<img src="graph.svg"`)
	texts, count := drawn(t, get(t, e, "/graph.svg"))
	all := strings.Join(texts, "\n")
	for _, name := range odd[:9] {
		require.Contains(t, all, strings.NewReplacer("\a", "\ufffd", "\x1b", "\ufffd").Replace(name))
	}
	require.Contains(t, all, "bad \ufffd utf-8")
	require.Contains(t, all, odd[14], "the whole of a name that was cut")
	require.Equal(t, len(odd)+2, count["rect"], "stages and workers")
	require.Equal(t, 2*len(odd)-1+1, count["path"], "edges, and the arrow's tip")
	require.Zero(t, count["script"])
	require.Contains(t, get(t, e, "/graph.dot"), "digraph engine {")
}

// drawn returns the texts of a picture, and how many elements of each kind there are.
func drawn(t *testing.T, svg string) (texts []string, count map[string]int) {
	t.Helper()
	count = map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts, count
		}
		require.NoError(t, err, svg)
		switch v := tok.(type) {
		case xml.StartElement:
			count[v.Name.Local]++
		case xml.CharData:
			if text := strings.TrimSpace(string(v)); text != "" {
				texts = append(texts, text)
			}
		}
	}
}
