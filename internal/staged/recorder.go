package staged

import (
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
)

// recorder looks at an engine again and again. It costs a few microseconds each time, on a CPU of the workers if the process has no other.
type recorder struct {
	engine  *engine.Engine
	moments []report.Moment // after stop
	quit    chan struct{}
	done    chan struct{}
}

func record(e *engine.Engine, every time.Duration) *recorder {
	r := &recorder{engine: e, quit: make(chan struct{}), done: make(chan struct{})}
	began := time.Now()
	r.look(began)
	go func() {
		defer close(r.done)
		defer func() { r.look(began) }()
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.look(began)
			case <-r.quit:
				return
			}
		}
	}()
	return r
}

// stop ends the record with a last look, which the caller sees.
func (r *recorder) stop() {
	close(r.quit)
	<-r.done
}

// look notes what can be seen now.
func (r *recorder) look(began time.Time) {
	at := time.Since(began)
	stats := r.engine.Stats()
	m := report.Moment{At: int64(at)}
	for _, st := range stats.Stages {
		m.Stages = append(m.Stages, report.StageMoment{
			Name: st.Name, Done: st.Completed, Depth: st.Depth, HeadAge: int64(st.HeadAge),
		})
		for _, in := range st.Inlets {
			m.Accepted += in.Accepted
			m.Refused += in.Refused
		}
	}
	r.moments = append(r.moments, m)
}
