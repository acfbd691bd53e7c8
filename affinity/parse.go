package affinity

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Parse reads the list form that the kernel, taskset and cgroups use: ids and
// ranges split by commas, such as "0-3,8,10-12". A range may carry a stride:
// "0-31:2/4" takes the first 2 of every 4. Spaces around an element, and
// newlines and NULs at the end, are ignored; "" and "(null)", as some kernels
// print an absent set, are the empty set. Elements may repeat and overlap.
func Parse(list string) (Set, error) {
	text := trim(list)
	if text == "" || text == "(null)" {
		return Set{}, nil
	}
	var b builder
	for element := range strings.SplitSeq(text, ",") {
		if err := parseElement(&b, strings.TrimSpace(element)); err != nil {
			return Set{}, fmt.Errorf("CPU list %s: %w", quote(list), err)
		}
	}
	return b.set(), nil
}

// parseElement adds one "a", "a-b" or "a-b:used/group" to b.
func parseElement(b *builder, element string) error {
	span, stride, strided := strings.Cut(element, ":")
	low, high, isRange := strings.Cut(span, "-")
	first, err := parseID(low)
	if err != nil {
		return err
	}
	last := first
	if isRange {
		if last, err = parseID(high); err != nil {
			return err
		}
	}
	if last < first {
		return fmt.Errorf("range %q ends before it starts", span)
	}
	if !strided {
		b.addRange(first, last)
		return nil
	}
	left, right, _ := strings.Cut(stride, "/")
	used, errUsed := parseID(left)
	group, errGroup := parseID(right)
	if errUsed != nil || errGroup != nil || !isRange || used < 1 || group < used {
		return fmt.Errorf("%q is not of the form first-last:used/group with 1 <= used <= group", element)
	}
	for at := first; at <= last; at += group {
		b.addRange(at, min(at+used-1, last))
	}
	return nil
}

// parseID reads a decimal CPU id; unlike strconv it takes no sign.
func parseID(s string) (int, error) {
	if s == "" || strings.TrimLeft(s, "0123456789") != "" {
		return 0, fmt.Errorf("%s is not a CPU number", quote(s))
	}
	id, err := strconv.Atoi(s)
	if err != nil || id >= maxCPUs {
		return 0, fmt.Errorf("CPU %s is above the highest possible, %d", quote(s), maxCPUs-1)
	}
	return id, nil
}

// ParseMask reads the mask form: hexadecimal words of 32 bits split by commas,
// highest first, such as "ff,00000001". A single word may have any length and
// a leading 0x. Padding, newlines, NULs and "(null)" are as in Parse.
func ParseMask(mask string) (Set, error) {
	text := trim(mask)
	if text == "" || text == "(null)" {
		return Set{}, nil
	}
	words := strings.Split(text, ",")
	if len(words) == 1 {
		words[0] = strings.TrimPrefix(words[0], "0x")
	}
	var b builder
	base := 0 // id of the lowest bit of the word
	for _, word := range slices.Backward(words) {
		if word == "" || len(words) > 1 && len(word) > 8 {
			return Set{}, fmt.Errorf("CPU mask %s: %s is not a word of 1 to 8 hexadecimal digits", quote(mask), quote(word))
		}
		if err := parseWord(&b, base, word); err != nil {
			return Set{}, fmt.Errorf("CPU mask %s: %w", quote(mask), err)
		}
		base += 32
	}
	return b.set(), nil
}

// parseWord adds the CPUs of one word whose lowest bit is CPU base.
func parseWord(b *builder, base int, word string) error {
	for k := range len(word) {
		digit, err := strconv.ParseUint(word[len(word)-1-k:len(word)-k], 16, 4)
		if err != nil {
			return fmt.Errorf("%s is not hexadecimal", quote(word))
		}
		for ; digit != 0; digit &= digit - 1 {
			cpu := base + 4*k + bits.TrailingZeros64(digit)
			if cpu >= maxCPUs {
				return fmt.Errorf("CPU %d is above the highest possible, %d", cpu, maxCPUs-1)
			}
			b.add(cpu)
		}
	}
	return nil
}

// trim removes the padding that kernels have put around lists and masks.
func trim(s string) string { return strings.Trim(s, " \t\r\n\x00") }

// quote quotes s for an error message, cut to a length that fits a line.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
