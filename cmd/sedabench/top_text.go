package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
)

func (v topView) writeText(w io.Writer) error {
	_, err := io.WriteString(w, strings.Join(v.lines(), "\n")+"\n")
	return err
}

// lines are what is shown, the most important first: those that do not fit on a screen are cut off.
func (v topView) lines() []string {
	over := "in the last " + report.Time(float64(v.Interval))
	if v.Interval == v.Uptime {
		over = "since it was made"
	}
	state := ""
	if v.State != engine.StateRunning && v.State != "" {
		state = strings.ToUpper(string(v.State)) + ", "
	}
	head := fmt.Sprintf("%s at %s, %sup %s, plan %d, %s; %s:", v.Engine, v.Address, state, clockText(v.Uptime), v.Plan, report.Plural(int(v.Made), "decision"), over)
	totals := fmt.Sprintf("accepted/s %s, refused/s %s, %s in the stages", orNone(v.Accepted), orNone(v.Refused), report.Plural(v.Depth, "event"))
	if len(v.Stages) == 0 {
		totals = "it has not been started"
		if v.State == engine.StateEnded {
			totals = "it has ended without having run"
		}
	}
	all := []string{head, totals, ""}
	if len(v.Stages) > 0 {
		all = append(all, v.stageLines()...)
		all = append(append(all, ""), v.workerLines()...)
		all = append(append(all, ""), v.decisionLines()...)
	}
	for i := range all {
		all[i] = printable(all[i])
	}
	return all
}

func (v topView) stageLines() []string {
	var t report.Table
	t.Add("stage", "cores", "batch", "most", "rate/s", "depth", "head age", "service", "wait", "refused/s", "expired/s", "failed/s", "dropped/s", "kind")
	for _, s := range v.Stages {
		age, service, wait := "-", "-", "-"
		if s.HeadAge > 0 {
			age = report.Time(float64(s.HeadAge))
		}
		if s.Rate > 0 {
			service, wait = report.Time(s.Service), report.Time(s.Wait)
		}
		kind := s.Kind
		if s.ThreadCap > 0 {
			kind += fmt.Sprintf(", %d of %d threads", s.Threads, s.ThreadCap)
		}
		t.Add(short(s.Name), fmt.Sprint(s.Cores), orNone(s.Batch), fmt.Sprint(s.BatchCap), orNone(s.Rate), fmt.Sprint(s.Depth), age,
			service, wait, orNone(s.Refused), orNone(s.Expired), orNone(s.Failed), orNone(s.Dropped), kind)
	}
	return tableLines(t)
}

func (v topView) workerLines() []string {
	var t report.Table
	t.Add("worker", "CPU", "busy", "parked", "sleeps/s", "lost", "in hand", "for")
	for i, w := range v.Workers {
		cpu, stage, since, lost := "any", "-", "-", "-"
		if w.CPU >= 0 {
			cpu = fmt.Sprint(w.CPU)
		}
		if w.Stage != "" {
			stage, since = short(w.Stage), report.Time(float64(w.Since))
		}
		if w.Lost > 0 {
			lost = report.Share(w.Lost)
		}
		t.Add(fmt.Sprint(i), cpu, report.Share(w.Busy), report.Share(w.Parked), orNone(w.Parks), lost, stage, since)
	}
	return tableLines(t)
}

// decisionLines have the latest first.
func (v topView) decisionLines() []string {
	if len(v.Decisions) == 0 {
		return []string{"nothing has been decided"}
	}
	all := []string{"decisions, the latest first:"}
	for _, d := range slices.Backward(v.Decisions) {
		ago := max(v.Uptime-time.Duration(d.At), 0)
		all = append(all, fmt.Sprintf("  %7s ago  %s of %s: %s to %s: %s", clockText(ago), d.What, orNothing(d.Of), orNothing(d.From), orNothing(d.To), d.Why))
	}
	return all
}

func tableLines(t report.Table) []string {
	var b strings.Builder
	_ = t.Write(&b) // a builder takes everything
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// orNone leaves columns that are mostly empty easy to look over.
func orNone(x float64) string {
	if x == 0 {
		return "-"
	}
	return report.Count(x)
}

// clockText leaves tenths of a second only to what is short.
func clockText(d time.Duration) string {
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// short leaves the columns of a table next to each other, however long the names are.
func short(name string) string {
	const most = 24
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}

// printable keeps names from telling the terminal what to do.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, line)
}
