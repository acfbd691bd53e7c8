package workfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/workload"
)

const shop = `# A shop.
[[stage]]
name = "parse"
service = "constant:1us"
next = ["cache", "audit"]

[[stage]]
name = "cache"
next = [
	"answer",
	"disk",
]
shares = [0.75, 0.25]
keyed = true

[[stage]]
name = "disk"
work = "memory:64KiB"
next = ["disk", "answer"]
shares = [0.5, 0.5]
rounds = 2

[[stage]]
name = "answer"
next = ["end"]
shares = [1]

[[stage]]
name = "audit"

[load]
arrival = "poisson"
rate = 5e4
clients = 8
keys = "uniform:10"
`

func TestParse(t *testing.T) {
	f, err := Parse("dir/shop.toml", []byte(shop))
	require.NoError(t, err)
	g := f.Graph
	require.Equal(t, "shop-5", g.String())
	require.Equal(t, workload.SetOf(1)|workload.SetOf(4), g.Next(0))
	require.True(t, g.Keyed(1))
	head, ok := g.Back(2)
	require.True(t, ok)
	require.Equal(t, 2, head)
	require.True(t, g.Branches())
	require.Equal(t, "constant:1us", f.Services[0].String())
	require.Nil(t, f.Services[1])
	require.Equal(t, "memory:64KiB", f.Works[2].String())
	var load []string
	for _, s := range f.Load {
		load = append(load, s.Flag+" "+s.Text)
	}
	require.Equal(t, []string{"arrival poisson", "clients 8", "keys uniform:10", "rate 50000"}, load)
	require.EqualError(t, f.Load[0].Wrap(os.ErrInvalid), "dir/shop.toml:32: load: arrival: invalid argument")

	inline, err := Parse("a.toml", []byte(`stage = [{name = "a", next = ["b"]}, {name = "b"}]`))
	require.NoError(t, err)
	require.Equal(t, 2, inline.Graph.Stages())
}

// Each mistake is a change of the shop.
func TestErrorsNameLineAndField(t *testing.T) {
	for _, c := range []struct{ old, now, want string }{
		{`next = ["cache", "audit"]`, `next = ["cahe", "audit"]`, `shop.toml:5: stage "parse": next: no stage "cahe"; want parse, cache, disk, answer, audit`},
		{`name = "parse"`, `name = `, `shop.toml:3: `},
		{`name = "parse"`, `name = 3`, `shop.toml:3: stage number 1: name: want a text in quotes`},
		{`name = "parse"`, ``, `shop.toml:2: stage number 1: name: missing; want one`},
		{`name = "parse"`, "name = \"parse\"\nname = \"p\"", `shop.toml:4: `},
		{`service = "constant:1us"`, `service = "constant"`, `shop.toml:4: stage "parse": service: "constant", want constant:<time>`},
		{`service = "constant:1us"`, `servce = "constant:1us"`, `shop.toml:4: stage "parse": no field servce; want name, service, work, next, shares, keyed, rounds`},
		{`work = "memory:64KiB"`, `work = "memory"`, `shop.toml:18: stage "disk": work: "memory", want spin, `},
		{`work = "memory:64KiB"`, `work = "sleep"`, `shop.toml:18: stage "disk": work: sleep: only all stages may block, by a flag; want spin or memory:<KiB or MiB>`},
		{`keyed = true`, `keyed = "yes"`, `shop.toml:14: stage "cache": keyed: want true or false`},
		{`shares = [0.75, 0.25]`, `shares = [0.75, 0.2]`, `shop.toml:13: stage "cache": shares: they add up to 0.95, want 1`},
		{`shares = [0.75, 0.25]`, `shares = ["3/4", "1/4"]`, `shop.toml:13: stage "cache": shares: want a list of numbers, one for each next`},
		{`shares = [0.75, 0.25]`, `shares = []`, `shop.toml:13: stage "cache": shares: 0, want one for each of the 2 next`},
		{"\t\"answer\",\n\t\"disk\",", `"answer", 7`, `shop.toml:9: stage "cache": next: want a list of names of stages`},
		{`rounds = 2`, `rounds = 0`, `shop.toml:21: stage "disk": rounds: want a whole number from 1 to 100`},
		{`rounds = 2`, ``, `shop.toml:16: stage "disk": rounds: 0, want 1 to 100, the most that a request goes back to disk`},
		{`[load]`, `[loud]`, `shop.toml:31: loud: no such table; want [[stage]] and [load]`},
		{`[load]`, `[[load]]`, `load: want a table, [load]`},
		{`clients = 8`, `clients = true`, `shop.toml:34: load: clients: want a text or a number`},
		{`clients = 8`, `client = 8`, `shop.toml:34: load: no field client; want arrival, rate, clients, think, keys`},
		{`keys = "uniform:10"`, `keys = ""`, `shop.toml:35: load: keys: empty; leave it out instead`},
		{`name = "audit"`, "name = \"audit\"\n[[stage]]\nname = \"lost\"", `shop.toml:31: stage "lost": name: nothing leads to it, and requests enter by the first stage, parse: want it among the next of another`},
		{`next = ["disk", "answer"]`, `next = ["cache", "answer"]`, ``},
		{"[[stage]]\nname = \"audit\"", "[stage.x]\nname = \"audit\"", `shop.toml:28: `},
	} {
		require.Contains(t, shop, c.old)
		_, err := Parse("shop.toml", []byte(strings.Replace(shop, c.old, c.now, 1)))
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want, "%s", c.now)
	}
	for text, want := range map[string]string{
		"":                        "shop.toml: no stage; want [[stage]], once for each",
		"[load]":                  "shop.toml: no stage; want [[stage]], once for each",
		"stage = 3":               "shop.toml:1: stage: want [[stage]], once for each",
		"stage = [1]":             "shop.toml:1: stage: want [[stage]], once for each",
		"\n[stage]\nname = \"a\"": "shop.toml:2: stage: want [[stage]], once for each",
		"stage = []":              "shop.toml: 0 stages, want 1 to 32",
		"[[stage]]\nname=\"a\"\n[load]\nrate=[1]":     "shop.toml:4: load: rate: want a text or a number",
		strings.Repeat("[[stage]]\nname=\"a\"\n", 33): "shop.toml: 33 stages, want 1 to 32",
	} {
		_, err := Parse("shop.toml", []byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	_, err := Read(filepath.Join(dir, "none.toml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Read(dir)
	require.ErrorContains(t, err, "it is no file; want a regular one")
	name := filepath.Join(dir, "big.toml")
	require.NoError(t, os.WriteFile(name, make([]byte, maxSize+1), 0o600))
	_, err = Read(name)
	require.ErrorContains(t, err, "1048577 bytes, want at most 1048576")
	require.NoError(t, os.WriteFile(name, []byte(shop), 0o600))
	f, err := Read(name)
	require.NoError(t, err)
	require.Equal(t, "big-5", f.Graph.String())
}

// Whatever stands in a file, it is a graph that requests get through, or an error that names the file.
func FuzzParse(f *testing.F) {
	f.Add(shop)
	f.Add("[[stage]]\nname='a'\nnext=['a','end']\nshares=[0.5,0.5]\nrounds=100")
	f.Add("stage=[{name='a',next=['b','c']},{name='b',next=['d']},{name='c',next=['d']},{name='d'}]")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f.toml", []byte(text))
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "f.toml"), err)
			return
		}
		require.Len(t, file.Services, file.Graph.Stages())
		for stage := range file.Graph.Stages() {
			require.GreaterOrEqual(t, file.Graph.Visits(stage), 0.0)
		}
	})
}
