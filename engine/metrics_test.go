package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

func TestMetricTable(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range engine.Metrics() {
		require.Regexp(t, `^/(engine|control|worker|stage|inlet|edge)/[a-z-]+:[a-z]+$`, m.Name)
		require.Contains(t, []string{"counter", "gauge"}, m.Kind, m.Name)
		require.Regexp(t, `^[A-Z].*\.$`, m.Help, m.Name)
		require.False(t, seen[m.Name], "%s is there twice", m.Name)
		seen[m.Name] = true
	}
}

// Samples has a value for every metric of every part, each under labels of its own.
func TestSamples(t *testing.T) {
	e := newEngine(t, twoShared)
	a, b := engine.Add(e, stageConfig{Name: "a"}), add(e, stageConfig{Name: "b"})
	a.Inlet(engine.InletConfig{Name: "in"})
	one, two := engine.Connect(a, b), engine.Connect(a, b)
	a.Handle(func(c *engine.Context, v int) error {
		one.Emit(c, v)
		two.Emit(c, v)
		two.Emit(c, v)
		return nil
	})
	failures(e, a)
	require.NotEmpty(t, e.Stats().Samples(), "also before Start")
	start(t, e)
	submit(t, a, 0, 10)
	s := drain(t, e)
	type labels struct{ name, worker, stage, inlet, edge string }
	values, names := map[labels]float64{}, map[string]int{}
	for _, m := range s.Samples() {
		of := labels{m.Name, m.Worker, m.Stage, m.Inlet, m.Edge}
		require.NotContains(t, values, of)
		values[of] = m.Value
		names[m.Name]++
	}
	for _, m := range engine.Metrics() {
		require.Contains(t, names, m.Name)
	}
	require.Equal(t, 1, names["/engine/plan:plans"])
	require.Equal(t, 2, names["/worker/parks:sleeps"])
	require.Equal(t, 3, names["/stage/depth:events"])
	require.Equal(t, 4, names["/inlet/offered:events"])
	require.Equal(t, 3, names["/edge/emitted:events"])
	require.Equal(t, s.Uptime.Seconds(), values[labels{name: "/engine/uptime:seconds"}])
	require.Equal(t, -1.0, values[labels{name: "/worker/cpu:id", worker: "1"}])
	require.Equal(t, 10.0, values[labels{name: "/inlet/accepted:events", stage: "a", inlet: "submit"}])
	require.Equal(t, 10.0, values[labels{name: "/edge/entered:events", stage: "a", edge: "b"}])
	require.Equal(t, 20.0, values[labels{name: "/edge/entered:events", stage: "a", edge: "b#2"}])
	require.Equal(t, 30.0, values[labels{name: "/stage/completed:events", stage: "b"}])
}

// Two edges never have one name, whatever stages are called.
func TestEdgesHaveDifferentNames(t *testing.T) {
	names := func(to ...string) (all []string) {
		st := engine.StageStats{Name: "a"}
		for _, name := range to {
			st.Edges = append(st.Edges, engine.EdgeStats{From: "a", To: name})
		}
		for _, m := range (engine.Stats{Stages: []engine.StageStats{st}}).Samples() {
			if m.Name == "/edge/emitted:events" {
				all = append(all, m.Edge)
			}
		}
		return all
	}
	require.Equal(t, []string{"b", "b#2", "c", "b#3"}, names("b", "b", "c", "b"))
	require.Equal(t, []string{"b", "b#2", "b#3"}, names("b", "b#2", "b"))
	require.Equal(t, []string{"b", "b#3", "b#2", "b#2#2"}, names("b", "b", "b#2", "b#2"))
}

func TestMeans(t *testing.T) {
	require.Zero(t, engine.StageStats{}.MeanBatch())
	require.Zero(t, engine.StageStats{}.MeanService())
	s := engine.StageStats{Completed: 9, Failed: 3, Batches: 4, Busy: 24}
	require.Equal(t, 3.0, s.MeanBatch())
	require.EqualValues(t, 2, s.MeanService())
}
