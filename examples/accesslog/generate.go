package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// generate writes a log of at least size bytes, the same for the same seed: a few thousand paths of which some are asked for often, all status
// classes, and one line in a thousand that is malformed.
func generate(out io.Writer, size int64, seed uint64) error {
	w := bufio.NewWriterSize(out, 1<<20)
	g := newGenerator(seed)
	for written := int64(0); written < size; {
		g.line = g.next(g.line[:0])
		n, err := w.Write(g.line)
		if err != nil {
			return err
		}
		written += int64(n)
	}
	return w.Flush()
}

type generator struct {
	rng   *rand.Rand
	pick  *rand.Zipf
	paths []string
	at    time.Time
	line  []byte
}

func newGenerator(seed uint64) *generator {
	const paths = 3000
	rng := rand.New(rand.NewPCG(seed, 0))
	g := &generator{
		rng: rng, pick: rand.NewZipf(rng, 1.2, 4, paths-1),
		at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	kinds := []string{"/articles/%d", "/static/%d.css", "/images/%d.jpg", "/api/v1/users/%d/orders", "/search?q=%d"}
	for i := range paths {
		g.paths = append(g.paths, fmt.Sprintf(kinds[i%len(kinds)], i))
	}
	return g
}

// next appends a line.
func (g *generator) next(line []byte) []byte {
	r := g.rng.Uint64()
	if r%1000 == 0 {
		return append(line, "- garbage -\n"...)
	}
	g.at = g.at.Add(time.Duration(r>>8%20) * time.Millisecond)
	for i := range 4 {
		if i > 0 {
			line = append(line, '.')
		}
		line = strconv.AppendUint(line, r>>(8*i)&0xff, 10)
	}
	line = append(line, " - "...)
	if r>>32%8 == 0 {
		line = strconv.AppendUint(append(line, "user"...), r>>40%100, 10)
	} else {
		line = append(line, '-')
	}
	line = append(line, " ["...)
	line = g.at.AppendFormat(line, "02/Jan/2006:15:04:05 -0700")
	line = append(line, `] "`...)
	line = append(line, []string{"GET", "GET", "GET", "POST", "HEAD"}[r>>48%5]...)
	line = append(line, ' ')
	line = append(line, g.paths[g.pick.Uint64()]...)
	line = append(line, ` HTTP/1.1" `...)
	status := []string{"200", "200", "200", "200", "200", "206", "301", "304", "404", "500"}[r>>52%10]
	line = append(line, status...)
	if line = append(line, ' '); status == "304" {
		return append(line, "-\n"...)
	}
	return append(strconv.AppendUint(line, r>>16%50_000, 10), '\n')
}

// parseSize reads a number of bytes such as 100, 64KiB, 10MiB or 1GiB.
func parseSize(s string) (int64, error) {
	shift := 0
	digits := s
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if d, ok := strings.CutSuffix(s, unit); ok {
			digits, shift = d, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("size %q: want a number of bytes, such as 100, 64KiB, 10MiB or 1GiB", s)
	}
	return n << shift, nil
}
