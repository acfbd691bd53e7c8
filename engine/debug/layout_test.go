package debug

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// stagesOf makes stages of a description such as "a>b,c b>c c": what leads where.
func stagesOf(graph string) (stages []engine.StageStats) {
	for _, field := range strings.Fields(graph) {
		name, to, _ := strings.Cut(field, ">")
		st := engine.StageStats{Name: name}
		for _, target := range strings.FieldsFunc(to, func(r rune) bool { return r == ',' }) {
			st.Edges = append(st.Edges, engine.EdgeStats{From: name, To: target})
		}
		stages = append(stages, st)
	}
	return stages
}

// Edges lead to the right but for those that close a cycle; no box stands on another, nor on an edge that passes by.
func TestArrange(t *testing.T) {
	for graph, want := range map[string]string{ // the columns; . is where an edge passes
		"a":                      "a",
		"a b":                    "ab",
		"a>b b>c c":              "a b c",
		"c b>c a>b":              "a b c",
		"a>b,c b>d c>d d":        "a bc d",
		"a>b,c b>c c":            "a b. c",
		"a>b,d b>c c>d d":        "a b. c. d",
		"a>b b>a,c c":            "a b c",
		"a>a":                    "a",
		"a>b,b b":                "a b",
		"a>gone":                 "a",
		"a>b b>c c>a":            "a b c",
		"in>x,y x>out y>x out z": "inz y. x out",
	} {
		stages := stagesOf(graph)
		heights := make([]int, len(stages))
		for i := range heights {
			heights[i] = 50 + 10*i
		}
		l := arrange(stages, heights)
		var columns []string
		for _, column := range l.columns {
			text := ""
			for i, c := range column {
				if c.stage < 0 {
					text += "."
				} else {
					text += stages[c.stage].Name
				}
				require.GreaterOrEqual(t, c.y, top, graph)
				require.LessOrEqual(t, c.y+c.h, top+l.height, graph)
				require.LessOrEqual(t, c.x+boxWidth, margin+l.width, graph)
				if i > 0 {
					require.GreaterOrEqual(t, c.y, column[i-1].y+column[i-1].h+gapHeight, graph)
				}
			}
			columns = append(columns, text)
		}
		require.Equal(t, want, strings.Join(columns, " "), graph)
		for _, n := range l.lines {
			require.Equal(t, n.back, n.to.x <= n.from.x, graph)
			require.Greater(t, n.port, n.from.y, graph)
			require.Less(t, n.port, n.from.y+n.from.h, graph)
		}
	}
	require.Equal(t, 0, len(arrange(nil, nil).lines))
}

// A picture has the numbers, and what is wrong in red.
func TestPictureNumbers(t *testing.T) {
	stages := stagesOf("a>b b>a")
	stages[0].Completed, stages[0].Depth, stages[0].HeadAge, stages[0].Expired = 7, 3, 1234567, 2
	stages[0].Inlets = []engine.InletStats{{Name: "submit", Offered: 16, Accepted: 12, Refused: 4, Waiting: 1}, {Name: "unused"}}
	stages[0].Edges[0].Entered, stages[0].Edges[0].Dropped = 5, 6
	stages[1].Edges[0].Timed, stages[1].Edges[0].Pending = true, 9
	s := engine.Stats{
		Engine: "shop", Uptime: 61 * time.Second, Stages: stages,
		Workers: []engine.WorkerStats{{CPU: 3, Stage: "a", Since: 4096}, {CPU: -1, Asleep: time.Second, Busy: time.Minute, Parks: 8}, {CPU: -1}, {CPU: 0}},
	}
	var b strings.Builder
	require.NoError(t, WriteSVG(&b, s))
	for _, want := range []string{
		`>shop, up 1m1s, plan 0, decisions 0, cold wake-ups 0<`,
		`class="name">a<`, `class="">3 waiting, the oldest 1.23ms<`, `class="">7 done, 0s each<`, `class="hurt-text">2 expired<`,
		`class="hurt-text">submit: 12 in, 4 refused, 1 wait<`, `class="hurt-text">block: 5, 6 dropped<`, `class="faint">timed: 0, 9 later<`,
		`class="edge hurt" d="M`, `class="edge lossy" d="M`, `class="box busy"`,
		`>worker 0, CPU 3<`, `>a for 4.1µs<`, `>worker 1, anywhere<`, `>asleep for 1s<`, `>in handlers 1m0s, slept 8 times<`, `>between batches<`,
	} {
		require.Contains(t, b.String(), want)
	}
	require.NotContains(t, b.String(), "unused")
	require.Equal(t, 2, strings.Count(b.String(), "box busy"), "a, and the worker that runs it")
}
