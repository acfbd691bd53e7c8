package plot

import (
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape makes text safe within elements and quoted attributes, and leaves out what XML has no way to write.
func escape(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20, r == utf8.RuneError, r == 0xfffe, r == 0xffff:
			return '\ufffd'
		}
		return r
	}, text))
}

// tenth is a coordinate, as exact as eyes are.
func tenth(x float64) float64 { return math.Round(x*10) / 10 }

func num(x float64) string { return strconv.FormatFloat(tenth(x), 'f', -1, 64) }

// wrapped divides text into lines of at most so many letters, between words where that is possible; there is one at least.
func wrapped(text string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
