package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/sched/sim"
)

// writeText prints the whole configuration, and what came of it.
func (st *simStudy) writeText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "machine  %s, simulated: %s; costs %s\n", report.Plural(st.workers, "worker"), st.machineText(), st.costs)
	fmt.Fprintf(&b, "command  %s\n", wrap(st.command, "         "))
	fmt.Fprintf(&b, "bound    %s\n\n", st.boundText())
	for _, l := range st.loads {
		if err := st.writeLoad(&b, l); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (st *simStudy) writeLoad(w io.Writer, l simLoad) error {
	fmt.Fprintf(w, "%s, %s of simulated time:\n", strings.ToUpper(l.load[:1])+l.load[1:], st.duration)
	var t, stages report.Table
	t.Add("", "goodput/s", "of bound", "refused", "p50", "p99", "p99.9", "busy", "direct", "switches", "moves")
	for _, r := range l.runs {
		t.Add(st.row(r)...)
	}
	if err := t.Write(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nStages under %s:\n", l.runs[0].name)
	stages.Add("", "done/s", "batch", "per request", "waited", "depth")
	for i := range st.names {
		s := stageOf(&l.runs[0].Stages[len(st.names)-1-i], 1)
		done := float64(l.runs[0].Stages[len(st.names)-1-i].Done) / st.duration.Seconds()
		stages.Add(s.Name, report.Count(done), report.Count(s.Batch), report.Time(*s.Service), report.Time(*s.Wait), report.Count(done**s.Wait/1e9))
	}
	if err := stages.Write(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, r := range l.runs {
		if len(r.Line) < 2 {
			continue
		}
		fmt.Fprintf(w, "Time line of %s:\n", r.name)
		if err := writeTimeline(w, st.reported(r)); err != nil {
			return err
		}
	}
	return nil
}

func (st *simStudy) machineText() string {
	group := func(n int, what string) string {
		if n == 0 || n >= st.workers {
			return "one " + what
		}
		return fmt.Sprintf("%d to a %s", n, what)
	}
	return fmt.Sprintf("%d to a core, %s, %s", st.smt, group(st.llc, "last-level cache"), group(st.node, "node"))
}

func (st *simStudy) boundText() string {
	by := "all cores are busy then"
	if s := st.bound.Stage; s >= 0 {
		by = "stage " + st.names[s] + " cannot run on more workers then"
	}
	return fmt.Sprintf("%s/s, if rings, caches and wake-ups cost nothing; %s", report.Count(st.bound.Rate), by)
}

// row is a run in the table.
func (st *simStudy) row(r simRun) []string {
	busy, moves := int64(0), uint64(0)
	for _, w := range r.Workers {
		busy += w.Busy
		moves += w.Moves
	}
	var entered, direct, batches, switches uint64
	for i := range r.Stages {
		s := &r.Stages[i]
		entered += s.Entered
		direct += s.Direct
		batches += s.Batches.N
		switches += s.Switches
	}
	c := &r.Sources[0]
	return []string{
		r.name, report.Count(r.Goodput()), report.Share(r.Goodput() / st.bound.Rate), report.Share(fraction(c.Refused, c.Offered)),
		report.Time(c.Sojourn.Quantile(0.5)), report.Time(c.Sojourn.Quantile(0.99)), report.Time(c.Sojourn.Quantile(0.999)),
		report.Share(float64(busy) / float64(r.Duration) / float64(len(r.Workers))), report.Share(fraction(direct, entered)),
		report.Share(fraction(switches, batches)), fmt.Sprint(moves),
	}
}

func fraction(of, all uint64) float64 { return float64(of) / max(float64(all), 1) }

// reported is a run in the form of those that were measured.
func (st *simStudy) reported(r simRun) report.Run {
	c, seconds := &r.Sources[0], float64(r.Duration)/1e9
	run := report.Run{
		Arch: "simulated/" + r.name, Policy: r.policy, Workers: st.workers, Load: report.Load{Arrival: st.arrival.text}, Duration: seconds,
		Offered: float64(c.Offered) / seconds, Accepted: float64(c.Accepted) / seconds, Goodput: r.Goodput(), Valid: true,
		Sojourn: report.Sojourn{
			P50: int64(c.Sojourn.Quantile(0.5)), P90: int64(c.Sojourn.Quantile(0.9)), P99: int64(c.Sojourn.Quantile(0.99)),
			P999: int64(c.Sojourn.Quantile(0.999)), Max: c.Sojourn.Max,
		},
		Events: report.Events{
			Offered: int64(c.Offered), Accepted: int64(c.Accepted), Refused: int64(c.Refused), Completed: int64(c.Done),
			Expired: int64(c.Expired), InFlight: int64(c.InFlight),
		},
		Decisions: []report.Decision{}, Timeline: st.timelineOf(r),
	}
	for i := range r.Stages {
		run.Stages = append(run.Stages, stageOf(&r.Stages[i], seconds))
	}
	for _, d := range r.Decisions {
		what := fmt.Sprintf("%s of %s: %s -> %s", d.What, d.Of, d.From, d.To)
		if d.Refused != "" {
			what += ", refused: " + d.Refused
		}
		run.Decisions = append(run.Decisions, report.Decision{At: d.At, What: what, Why: d.Why})
	}
	return run
}

func stageOf(s *sim.StageResult, seconds float64) report.Stage {
	m := &s.Batches
	depth, wait, service := float64(s.Done)/seconds*s.Wait/1e9, s.Wait, float64(m.T)/max(float64(m.B), 1)
	return report.Stage{Name: s.Name, Depth: &depth, Batch: float64(m.B) / max(float64(m.N), 1), Service: &service, Wait: &wait}
}

// timelineOf is the time line of a run in the form of those that were measured.
func (st *simStudy) timelineOf(r simRun) (line []report.Moment) {
	for _, p := range r.Line {
		m := report.Moment{At: p.At, Accepted: p.Sources[0].Accepted, Refused: p.Sources[0].Offered - p.Sources[0].Accepted}
		for i, s := range p.Stages {
			m.Stages = append(m.Stages, report.StageMoment{
				Name: st.names[i], Cores: s.Cores, Batch: s.Batch, Done: s.Done, Depth: s.Depth, HeadAge: s.HeadAge,
			})
		}
		line = append(line, m)
	}
	return line
}

// simSchema names the form of simFile.
const simSchema = "sedabench-sim/1"

// simFile is everything one invocation of sim found.
type simFile struct {
	Schema  string     `json:"schema"`
	Command string     `json:"command"` // does the same again
	Bound   simBound   `json:"bound"`
	Loads   []simLoads `json:"loads"`
}

type simBound struct {
	Rate  float64 `json:"rate_per_s"`
	Stage string  `json:"stage"` // that limits; empty: the cores do
}

type simLoads struct {
	Load string       `json:"load"`
	Runs []report.Run `json:"runs"`
}

func (st *simStudy) writeJSON(w io.Writer) error {
	file := simFile{Schema: simSchema, Command: st.command, Bound: simBound{Rate: st.bound.Rate}}
	if s := st.bound.Stage; s >= 0 {
		file.Bound.Stage = st.names[s]
	}
	for _, l := range st.loads {
		all := simLoads{Load: l.load}
		for _, r := range l.runs {
			all.Runs = append(all.Runs, st.reported(r))
		}
		file.Loads = append(file.Loads, all)
	}
	if err := report.WriteObject(w, file); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
