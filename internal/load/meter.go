package load

import "time"

// meter takes the processor time used within a window.
type meter struct {
	window
	begun, ended bool
	total        time.Duration
}

// read must be called often; it asks for the time used so far at both ends of
// the window.
func (m *meter) read(now int64, used func() time.Duration) {
	switch {
	case !m.begun && now >= m.start:
		m.begun, m.total = true, -used()
	case m.begun && !m.ended && now >= m.end:
		m.ended, m.total = true, m.total+used()
	}
}
