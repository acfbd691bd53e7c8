package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// screen is the terminal while top has it.
type screen struct {
	out           *os.File
	width, height int
	shown         string    // the last frame
	keys          chan byte // what the user presses; nothing where standard input is no terminal
	restore       func()
}

const ctrlC = 3 // as a key: the terminal is raw, and sends no signal

// Sequences of control that every terminal in use knows.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l" // the other screen, without a cursor, and lines that are too long are cut
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	home        = "\x1b[H"
	endOfLine   = "\x1b[K\r\n" // clear the rest of it
	endOfFrame  = "\x1b[J"
	bold, plain = "\x1b[1m", "\x1b[m"
)

func openScreen(in io.Reader, out *os.File) (*screen, error) {
	s := &screen{out: out, keys: make(chan byte), restore: func() {}}
	if keyboard, ok := in.(*os.File); ok && term.IsTerminal(int(keyboard.Fd())) {
		fd := int(keyboard.Fd())
		before, err := term.MakeRaw(fd)
		if err != nil {
			return nil, fmt.Errorf("terminal: %w", err)
		}
		s.restore = func() { _ = term.Restore(fd, before) }
		gone := make(chan struct{})
		leave := s.restore
		s.restore = func() { close(gone); leave() }
		go s.listen(keyboard, gone)
	}
	if _, err := io.WriteString(out, enterScreen); err != nil {
		s.restore()
		return nil, err
	}
	s.measure()
	return s, nil
}

// listen passes keys on. A read of a terminal cannot be called off: the goroutine ends with the next key, or with the process.
func (s *screen) listen(keyboard io.Reader, gone <-chan struct{}) {
	var key [1]byte
	for {
		if n, err := keyboard.Read(key[:]); err != nil || n == 0 {
			return
		}
		select {
		case s.keys <- key[0]:
		case <-gone:
			return
		}
	}
}

func (s *screen) close() {
	_, _ = io.WriteString(s.out, leaveScreen)
	s.restore()
}

// measure asks for the size of the terminal.
func (s *screen) measure() {
	width, height, err := term.GetSize(int(s.out.Fd()))
	switch {
	case err != nil:
	case width == 0 || height == 0: // such as of a serial line: it does not know
		s.width, s.height = 80, 24
	default:
		s.width, s.height = width, height
	}
}

// draw replaces what is on the screen by a bold line and others, as far as they fit. What is there already is not written again.
func (s *screen) draw(first string, lines []string) {
	now := frame(first, lines, s.width, s.height)
	if now == s.shown {
		return
	}
	s.shown = now
	_, _ = io.WriteString(s.out, now)
}

// frame draws over the last one, line by line, which does not flicker. The last line of the terminal stays empty: nothing scrolls.
func frame(first string, lines []string, width, height int) string {
	var b strings.Builder
	b.WriteString(home + bold + cut(first, width) + plain + endOfLine)
	for _, line := range lines[:min(len(lines), max(height-2, 0))] {
		b.WriteString(cut(line, width) + endOfLine)
	}
	b.WriteString(endOfFrame)
	return b.String()
}

// cut leaves as many characters as are to be seen.
func cut(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width])
	}
	return line
}
