package plot

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write what the tests find into the golden files")

// golden compares a picture with a file in testdata, a line for each element.
func golden(t *testing.T, name, picture string) {
	t.Helper()
	wellFormed(t, picture)
	file := filepath.Join("testdata", name)
	text := strings.ReplaceAll(strings.Replace(picture, Style, "", 1), "><", ">\n<")
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

func wellFormed(t *testing.T, picture string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err, picture)
	}
}

func percent(v float64) string { return fmt.Sprintf("%.1f%%", v) }

func sample() Plot {
	return Plot{
		Title: "Goodput", X: Axis{Label: "offered", Zero: true}, Y: Axis{Label: "done", Unit: percent, Zero: true},
		Series: []Series{
			{Name: "measured", Points: []Point{{X: 1, Y: 10, Low: 8, High: 13, Note: "4 runs"}, {X: 2, Y: 20}}},
			{Name: "predicted", Look: 9, Line: Dashed, Hollow: true, Points: []Point{{X: 2, Y: 22}, {X: 4, Y: 30}}},
			{Name: "law", Line: Dashed, Plain: true, Points: []Point{{X: 1, Y: 11}, {X: 4, Y: 29}}},
			{Name: "alone", Line: Apart, Hollow: true, Points: []Point{{X: 3, Y: 5}}},
		},
		Marks: []Mark{{1, "batch: 64 -> 32"}, {1.001, "batch: 32 -> 16"}, {3, "cores"}, {9, "not shown"}},
	}
}

func TestGolden(t *testing.T) {
	golden(t, "plot.svg", sample().File())
	golden(t, "steps.svg", Plot{
		Title: "Batch", X: Axis{Label: "architecture", Ticks: []Tick{{0, "a name that is long"}, {1, "another one"}, {2, "x"}, {3, "a long one again"}, {4, "y"}}},
		Y: Axis{Label: "requests", Log: true}, Series: []Series{
			{Name: "s0", Line: Steps, Plain: true, Points: []Point{{X: 0, Y: 1}, {X: 1, Y: 64}, {X: 4, Y: 1000}}},
			{Name: "s1", Look: 1, Line: Steps, Plain: true, Points: []Point{{X: 0, Y: 1}, {X: 4, Y: 0.5}}},
		},
	}.Inline())
	golden(t, "swatch.svg", sample().Series[1].Swatch())
	node := func(name string) Node { return Node{name, [][2]string{{"service", "1.2us"}, {"wait", "3ms"}}} }
	golden(t, "fanout.svg", Graph{"Stages", []Node{node("s0"), node("s1"), node("s2")}, [][2]int{{0, 1}, {0, 2}}}.File())
	chain := Graph{Title: "Chain"}
	for i := range 6 {
		chain.Nodes = append(chain.Nodes, node(fmt.Sprint("s", i)))
		if i > 0 {
			chain.Edges = append(chain.Edges, [2]int{i - 1, i})
		}
	}
	golden(t, "chain.svg", chain.Inline())
}

// No name is markup, and what XML cannot say is left out.
func TestNamesAreEscaped(t *testing.T) {
	const evil = "\"><script>alert(1)</script>&'\x00\x1b\xff\n"
	p := sample()
	p.Title, p.X.Label, p.Y.Label, p.X.Ticks = evil, evil, evil, []Tick{{1, evil}}
	p.Marks[0].Text = evil
	for i := range p.Series {
		p.Series[i].Name, p.Series[i].Look = evil, -1
		p.Series[i].Points[0].Note = evil
	}
	g := Graph{evil, []Node{{evil, [][2]string{{evil, evil}}}}, nil}
	for _, picture := range []string{p.Inline(), p.File(), g.Inline(), g.File()} {
		wellFormed(t, picture)
		require.NotContains(t, picture, "<script")
		require.NotContains(t, picture, "\x00")
	}
}

// Values that have no place are left out, and do not hide those that have one.
func TestValuesWithoutAPlace(t *testing.T) {
	for _, log := range []bool{false, true} {
		p := Plot{X: Axis{Zero: true}, Y: Axis{Log: log}, Series: []Series{{Points: []Point{
			{X: 1, Y: math.NaN()}, {X: math.Inf(1), Y: 1}, {X: 2, Y: 1e300}, {X: 1, Y: 5, Low: math.Inf(-1), High: 6}, {X: 2, Y: 7, Low: -1, High: 8},
		}}}}
		wellFormed(t, p.File())
		require.NotContains(t, p.File(), "NaN")
		require.NotContains(t, p.File(), "Inf")
		require.Equal(t, 2, strings.Count(p.Inline(), `class="dot"`))
	}
	require.NotContains(t, Plot{Y: Axis{Log: true}, Series: []Series{{Points: []Point{{Y: 0}, {Y: -1}}}}}.Inline(), `class="dot"`)
	wellFormed(t, Plot{}.File())
	wellFormed(t, Graph{}.File())
}

// A band is an area through the ends of all intervals, without bars, and there before the line is.
func TestBand(t *testing.T) {
	s := Series{Name: "a", Band: true, Line: Dashed, Points: []Point{{X: 1, Y: 2}, {X: 2, Y: 4, Low: 3, High: 6}, {X: 3, Y: 8, Low: 5, High: 12}}}
	text := Plot{Series: []Series{s}}.Inline()
	require.Equal(t, 1, strings.Count(text, `class="band"`))
	require.NotContains(t, text, `class="interval"`)
	require.Less(t, strings.Index(text, `class="band"`), strings.Index(text, `class="line"`))
	require.Len(t, strings.Split(regexp.MustCompile(`class="band" d="M([^Z]*)Z"`).FindStringSubmatch(text)[1], "L"), 6)
	require.Contains(t, s.Swatch(), `class="band"`)
	s.Points = s.Points[:1]
	require.NotContains(t, Plot{Series: []Series{s}}.Inline(), `class="band"`, "of one point there is no area")
}

func TestTicks(t *testing.T) {
	text := func(a Axis, values ...float64) (all []string) {
		for _, tick := range a.over(values, 0, 100).ticks(6) {
			all = append(all, tick.Text)
		}
		return all
	}
	require.Equal(t, []string{"0", "20", "40", "60", "80"}, text(Axis{Zero: true}, 93))
	require.Equal(t, []string{"0", "1"}, text(Axis{Zero: true, Whole: true}, 1))
	require.Equal(t, []string{"0%", "0.2%", "0.4%", "0.6%", "0.8%"}, text(Axis{Zero: true, Unit: percent}, 0.93))
	require.Equal(t, []string{"10", "100", "1e+03", "1e+04", "1e+05"}, text(Axis{Log: true}, 5, 2e5))
	require.Equal(t, []string{"1", "2", "5", "10", "20", "50", "100"}, text(Axis{Log: true}, 1, 100))
	require.Equal(t, []string{"-1", "-0.5", "0", "0.5", "1"}, text(Axis{}, -1, 1))
	require.Equal(t, []string{"a"}, text(Axis{Ticks: []Tick{{3, "a"}}}, 1, 9))
	for _, high := range []float64{1e-29, 1e-3, 3, 7e14, most} {
		for _, a := range []Axis{{}, {Zero: true}, {Log: true}, {Zero: true, Whole: true}} {
			for _, values := range [][]float64{{high}, {high / 3, high}, {high / 1e6, high}, {1e-30, high}, {0, high}} {
				n := len(text(a, values...))
				require.True(t, n >= 1 && n <= 20, "%v %v: %d", a, values, n)
			}
		}
	}
}

// Text and lines stand out from what is behind them, in light, dark and print.
func TestContrast(t *testing.T) {
	blocks := regexp.MustCompile(`(?s):root, svg \{(.*?)\}`).FindAllStringSubmatch(Style, -1)
	require.Len(t, blocks, 3)
	for _, b := range blocks {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--(\w+): #(\w{6});`).FindAllStringSubmatch(b[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		require.Len(t, colours, 8+Looks)
		for name, l := range colours {
			if name == "paper" || name == "panel" || name == "rule" {
				continue
			}
			for _, ground := range []string{"paper", "panel"} {
				low, high := min(l, colours[ground]), max(l, colours[ground])
				require.GreaterOrEqual(t, (high+0.05)/(low+0.05), 4.5, "%s on %s", name, ground)
			}
		}
	}
}

// luminance is as WCAG 2 defines it.
func luminance(t *testing.T, hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		v := float64(n) / 255
		if v <= 0.03928 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func TestWrapped(t *testing.T) {
	require.Equal(t, []string{""}, wrapped("", 5))
	require.Equal(t, []string{"a bc", "d"}, wrapped("a  bc d", 4))
	require.Equal(t, []string{"überlang", "x"}, wrapped("überlang x", 4))
}
