package affinity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

func rangePanic(cpu int) string {
	return fmt.Sprintf("affinity: CPU range %d-%d is not within 0-4194303", cpu, cpu)
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"\n", ""},
		{"(null)\n", ""},
		{strings.Repeat(" ", 70) + "(null)\n", ""},
		{"\x00\n", ""},
		{"0", "0"},
		{"0-3\n", "0-3"},
		{"0-7\n\x00", "0-7"},
		{"0-7\x00\x00\x00", "0-7"},
		{"5,3,4", "3-5"},
		{"0-3,8,10-12", "0-3,8,10-12"},
		{"0-3, 8 ,\t10", "0-3,8,10"},
		{"1-1", "1"},
		{"0-9,5-15,7", "0-15"},
		{"0,2,4", "0,2,4"},
		{"007", "7"},
		{"4194303", "4194303"},
		{"0-31:2/4", "0-1,4-5,8-9,12-13,16-17,20-21,24-25,28-29"},
		{"0-8:1/2,9", "0,2,4,6,8-9"},
		{"1-6:4/4", "1-6"},
		{"3-9:2/3", "3-4,6-7,9"},
		{"2-2:5/9", "2"},
	} {
		s, err := affinity.Parse(test.in)
		require.NoError(t, err, "%q", test.in)
		require.Equal(t, test.want, s.String(), "%q", test.in)
		back, err := affinity.Parse(s.String())
		require.NoError(t, err)
		require.Equal(t, s, back)
	}
}

func TestParseMalformed(t *testing.T) {
	for _, test := range []struct{ in, says string }{
		{",", `CPU list ",": "" is not a CPU number`},
		{"1,,2", `"" is not a CPU number`},
		{"1,", `"" is not a CPU number`},
		{"-1", `"" is not a CPU number`},
		{"+1", `"+1" is not a CPU number`},
		{"1-", `"" is not a CPU number`},
		{"1-2-3", `"2-3" is not a CPU number`},
		{"0x1", `"0x1" is not a CPU number`},
		{"all", `"all" is not a CPU number`},
		{"1 2", `"1 2" is not a CPU number`},
		{"1\x002", `"1\x002" is not a CPU number`},
		{"٣", `is not a CPU number`},
		{"3-1", `range "3-1" ends before it starts`},
		{"4194304", `CPU "4194304" is above the highest possible, 4194303`},
		{"0-99999999999999999999", `CPU "99999999999999999999" is above the highest possible`},
		{"5:1/2", `"5:1/2" is not of the form first-last:used/group`},
		{"0-5:1", `"0-5:1" is not of the form`},
		{"0-5:0/2", `with 1 <= used <= group`},
		{"0-5:3/2", `with 1 <= used <= group`},
		{"0-5:1/0", `with 1 <= used <= group`},
		{"0-5:a/b", `is not of the form`},
		{"0-5:1/2/3", `is not of the form`},
		{strings.Repeat("9", 100), `..."`},
	} {
		s, err := affinity.Parse(test.in)
		require.Error(t, err, "%q", test.in)
		require.True(t, s.Empty())
		if test.says != `..."` {
			require.ErrorContains(t, err, test.says, "%q", test.in)
		}
		require.Less(t, len(err.Error()), 300, "an error fits a line")
	}
}

func TestParseMask(t *testing.T) {
	wide := strings.Repeat("00000000,", 127)
	for _, test := range []struct{ in, want, mask string }{
		{"", "", "0"},
		{"(null)", "", "0"},
		{"0", "", "0"},
		{"00000000,00000000\n", "", "0"},
		{"1", "0", "1"},
		{"f\n", "0-3", "f"},
		{"3\x00", "0-1", "3"},
		{"ff,00000001", "0,32-39", "ff,00000001"},
		{"1,0,80000000", "31,64", "1,00000000,80000000"},
		{"FFFFFFFF", "0-31", "ffffffff"},
		{"0x10", "4", "10"},
		{"ffffffffffffffff", "0-63", "ffffffff,ffffffff"},
		{"100000000", "32", "1,00000000"},
		{wide + "00000005", "0,2", "5"},
		{"80000000," + wide[9:] + "00000001", "0,4095", "80000000," + wide[9:] + "00000001"},
	} {
		s, err := affinity.ParseMask(test.in)
		require.NoError(t, err, "%q", test.in)
		require.Equal(t, test.want, s.String(), "%q", test.in)
		require.Equal(t, test.mask, s.Mask(), "%q", test.in)
	}
}

func TestParseMaskMalformed(t *testing.T) {
	for _, test := range []struct{ in, says string }{
		{",", `"" is not a word of 1 to 8 hexadecimal digits`},
		{"1,", `"" is not a word`},
		{"0x", `"" is not a word`},
		{"g", `CPU mask "g": "g" is not hexadecimal`},
		{"0-3", `"0-3" is not hexadecimal`},
		{"1,0x1", `"0x1" is not hexadecimal`},
		{"+1", `"+1" is not hexadecimal`},
		{"000000001,00000000", `"000000001" is not a word`},
		{"1" + strings.Repeat(",0", 1<<17), `CPU 4194304 is above the highest possible, 4194303`},
		{"1" + strings.Repeat("0", 1<<20), `CPU 4194304 is above the highest possible, 4194303`},
	} {
		s, err := affinity.ParseMask(test.in)
		require.ErrorContains(t, err, test.says)
		require.True(t, s.Empty())
		require.Less(t, len(err.Error()), 300, "an error fits a line")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "0", "0-3,8,10-12", "0-31:2/4", "(null)", "0-7\n\x00", "3-1", "4194303", "1,,2", "a", "0-5:3/2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := affinity.Parse(in)
		if err != nil {
			require.True(t, s.Empty())
			return
		}
		requireRoundTrip(t, s)
	})
}

func FuzzParseMask(f *testing.F) {
	for _, seed := range []string{"", "0", "f", "ff,00000001", "0x10", "ffffffffffffffff", "(null)", "g", "1,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := affinity.ParseMask(in)
		if err != nil {
			require.True(t, s.Empty())
			return
		}
		requireRoundTrip(t, s)
	})
}

// requireRoundTrip checks that both written forms of s read back as s.
func requireRoundTrip(t *testing.T, s affinity.Set) {
	t.Helper()
	back, err := affinity.Parse(s.String())
	require.NoError(t, err)
	require.True(t, s == back, "list %q", s)
	back, err = affinity.ParseMask(s.Mask())
	require.NoError(t, err)
	require.True(t, s == back, "mask of %q", s)
	require.True(t, s == affinity.Of(s.CPUs()...))
}
