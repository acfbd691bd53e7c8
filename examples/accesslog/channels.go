package main

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"
)

// countLines is the program that one would write first without an engine: a goroutine reads lines and sends each over a channel to
// others, which count them, each for itself.
func countLines(r io.Reader, workers int) (*summary, error) {
	lines := make(chan string, 1024)
	total := newSummary()
	var counting sync.WaitGroup
	var mu sync.Mutex // guards total
	for range workers {
		counting.Go(func() {
			s := newSummary()
			for line := range lines {
				if r, ok := parseLine([]byte(line), false); ok {
					s.line([]byte(line[r.path:r.end]), r)
				} else {
					s.malformed++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.merge(&s)
		})
	}
	in := bufio.NewReader(r)
	var err error
	for err == nil {
		var line string
		if line, err = in.ReadString('\n'); line != "" {
			lines <- strings.TrimSuffix(line, "\n")
		}
	}
	close(lines)
	counting.Wait()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return &total, err
}

// countBlocks is the program that an expert would write: blocks travel over the channels, and come back to be used again. The goroutines
// parse and count a block in one go, with the same functions as the stages.
func countBlocks(r io.Reader, workers int) (*summary, error) {
	total := newSummary()
	n := 8 * workers
	full, empty := make(chan *block, n), make(chan *block, n)
	for range n {
		empty <- newBlock()
	}
	var counting sync.WaitGroup
	var mu sync.Mutex // guards total
	for range workers {
		counting.Go(func() {
			s := newSummary()
			for b := range full {
				b.parse()
				s.count(b)
				empty <- b
			}
			mu.Lock()
			defer mu.Unlock()
			total.merge(&s)
		})
	}
	s := newSplitter(r)
	var err error
	for err == nil {
		b := <-empty
		if err = s.next(b); err == nil {
			full <- b
		}
	}
	close(full)
	counting.Wait()
	total.malformed += s.tooLong
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return &total, err
}
