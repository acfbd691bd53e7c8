package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
)

// writeScales prints a table of each architecture, and what follows from it.
func writeScales(w io.Writer, scales []report.Scale) error {
	for _, s := range scales {
		fmt.Fprintf(w, "Throughput of %s by workers, in closed loop made by the workers:\n", s.Arch)
		if err := scaleTable(s).Write(w); err != nil {
			return err
		}
		for _, line := range scaleLines(s) {
			fmt.Fprintf(w, "  %s\n", line)
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// scaleHead names the columns of scaleTable.
var scaleHead = []string{"workers", "requests/s", "95 %", "times one", "of ideal", "predicted", "error", "runs", ""}

func scaleTable(s report.Scale) *report.Table {
	t := new(report.Table)
	t.Add(scaleHead...)
	base := s.Points[0].Throughput
	for _, p := range s.Points {
		cells := []string{fmt.Sprint(p.Workers), "-", "-", "-", "-", "-", "-", "0", ""}
		value := p.Predicted
		if m := p.Throughput; m != nil {
			cells[1], cells[2], cells[7] = report.Count(m.Median), report.Count(m.Low)+".."+report.Count(m.High), fmt.Sprint(m.Runs)
			value = &m.Median
		}
		if value != nil && base != nil {
			times := *value / base.Median
			cells[3], cells[4] = fmt.Sprintf("%.2f", times), report.Share(times/float64(p.Workers))
		}
		if p.Predicted != nil {
			cells[5] = report.Count(*p.Predicted)
		}
		if p.Error != nil {
			cells[6] = fmt.Sprintf("%+.1f%%", 100**p.Error)
		}
		if p.Kind != report.Measured {
			cells[8] = p.Kind
		}
		t.Add(cells...)
	}
	return t
}

func scaleLines(s report.Scale) (lines []string) {
	if s.Factor > 0 {
		lines = append(lines, fmt.Sprintf("Predictions are of the simulator, with costs measured elsewhere, times %.2f, which makes one worker as fast as it was here, and with %s.",
			s.Factor, lineText(s)))
	}
	if s.NoPrediction != "" {
		lines = append(lines, "Nothing is predicted: "+s.NoPrediction+".")
	}
	if u := s.USL; u != nil {
		line := fmt.Sprintf("Universal Scalability Law: serial %s, coherency %s, within %s of the medians; ", withInterval(u.Sigma), withInterval(u.Kappa), report.Share(u.Off))
		if u.Peak != nil {
			line += fmt.Sprintf("most is done with %.0f workers.", *u.Peak)
		} else {
			line += "more workers never do less."
		}
		lines = append(lines, line)
	} else {
		lines = append(lines, "The Universal Scalability Law is not fitted: "+s.NoUSL+".")
	}
	if line := beyond(s); line != "" {
		lines = append(lines, line)
	}
	return append(lines, s.Reasons...)
}

// lineText says what requests cost the prediction that go from one worker to another.
func lineText(s report.Scale) string {
	if s.Line == 0 {
		return "nothing for cache lines that go from worker to worker: " + s.NoLine
	}
	return fmt.Sprintf("%d cache lines of %s for each request that goes from worker to worker, %d more if its client does", load.RequestLines, report.Time(s.Line), load.ClientLines)
}

// beyond says how sure predictions are of more workers than were measured.
func beyond(s report.Scale) string {
	most := s.Most(report.Simulated)
	if most == 0 {
		return ""
	}
	line := fmt.Sprintf("Beyond %s nothing was measured", report.Plural(s.Most(report.Measured), "worker"))
	worst, each, known := s.Off()
	if !known {
		return line + ", and nothing tells how far off predictions are."
	}
	last := s.Points[slices.IndexFunc(s.Points, func(p report.ScalePoint) bool { return p.Workers == most && p.Kind == report.Simulated })]
	around := s.Around(last)
	return line + fmt.Sprintf(". Up to there predictions were at most %s off; with up to %s more for each further doubling, as there, %d workers do %s to %s/s.",
		report.Share(worst-1), report.Share(each-1), most, report.Count(around.Low), report.Count(around.High))
}

// withInterval writes a parameter with its interval.
func withInterval(e report.Estimate) string {
	return fmt.Sprintf("%.2g (%.2g..%.2g)", e.Median, e.Low, e.High)
}
