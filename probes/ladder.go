package probes

import (
	"errors"
	"sync/atomic"
)

// A Step opens one source of a ladder.
type Step struct {
	Offers Metrics // what it may provide
	Open   func(want Metrics) (Source, error)
}

// Climb opens the best source of each metric: each step is asked for what the steps before it do not provide, and left out if there is nothing.
// It does not fail. What cannot be opened is missing from the report, with the reason.
func Climb(steps ...Step) Source {
	l := &ladder{}
	for m := range l.origins {
		l.origins[m].Reason = NotAsked
	}
	for _, step := range steps {
		want := step.Offers &^ l.has
		if want == 0 {
			continue
		}
		source, err := step.Open(want)
		if err != nil {
			want.each(func(m Metric) { l.lack(m, ReasonOf(err)) })
			l.failures = append(l.failures, err)
			continue
		}
		l.sources = append(l.sources, source)
		want.each(func(m Metric) { l.take(m, source) })
	}
	return l
}

// Failures returns, of a source that Climb made, the errors of the steps that could not be opened, with all they have to tell.
func Failures(s Source) []error {
	if l, ok := s.(*ladder); ok {
		return l.failures
	}
	return nil
}

// ladder is several sources of which each provides other metrics.
type ladder struct {
	sources  []Source
	has      Metrics
	origins  Report
	failures []error
}

func (l *ladder) take(m Metric, from Source) {
	origin, why := from.Origin(m)
	if origin == None {
		l.lack(m, why)
		return
	}
	l.has |= MetricsOf(m)
	l.origins[m].Origin, l.origins[m].Reason = origin, Known
}

// lack keeps the reason of the best source.
func (l *ladder) lack(m Metric, why Reason) {
	if l.origins[m].Reason == NotAsked {
		l.origins[m].Reason = why
	}
}

func (l *ladder) Origin(m Metric) (Origin, Reason) { return l.origins[m].Origin, l.origins[m].Reason }

// Register leaves out sources that refuse the thread: it fails if all do.
func (l *ladder) Register() (Thread, error) {
	t := &rung{}
	var errs []error
	for _, s := range l.sources {
		part, err := s.Register()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t.parts = append(t.parts, part)
		if t.word == nil {
			t.word = part.Word()
		}
	}
	if len(t.parts) == 0 && len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return t, nil
}

func (l *ladder) Close() error {
	var errs []error
	for _, s := range l.sources {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// rung is a thread in the eyes of all sources of a ladder.
type rung struct {
	parts []Thread
	word  *atomic.Uint32
}

func (r *rung) Word() *atomic.Uint32 { return r.word }

func (r *rung) Read(now int64, v *Values) (any bool) {
	for _, p := range r.parts {
		if p.Read(now, v) {
			any = true
		}
	}
	return any
}

func (r *rung) AddStage(stage uint32, v *StageValues) (any bool) {
	for _, p := range r.parts {
		if p.AddStage(stage, v) {
			any = true
		}
	}
	return any
}

func (r *rung) Preemptors() ([]Preemptor, error) {
	for _, p := range r.parts {
		if list, err := p.Preemptors(); list != nil || err != nil {
			return list, err
		}
	}
	return nil, nil
}

func (r *rung) Close() error {
	var errs []error
	for _, p := range r.parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
