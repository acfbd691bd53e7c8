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
