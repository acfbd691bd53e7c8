package workfile

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lines says where in a file fields and tables are, by their paths, such as stage.1.next: what the decoder does not tell.
type lines struct {
	of     map[string]int
	tables map[string]int // how many there are so far, of arrays of tables
	parser unstable.Parser
}

// findLines looks through a file that the decoder has found right.
func findLines(data []byte) map[string]int {
	l := lines{of: map[string]int{}, tables: map[string]int{}}
	l.parser.Reset(data)
	table := ""
	for l.parser.NextExpression() {
		switch e := l.parser.Expression(); e.Kind {
		case unstable.ArrayTable:
			name, line := l.key("", e)
			table = fmt.Sprintf("%s.%d", name, l.tables[name])
			l.tables[name]++
			l.of[table] = line
		case unstable.Table:
			table, _ = l.key("", e)
		case unstable.KeyValue:
			l.field(table, e)
		}
	}
	return l.of
}

// key returns the path of what a key names within a table, and its line. What is within an array of tables is within the last of them.
func (l *lines) key(table string, n *unstable.Node) (path string, line int) {
	path = table
	for parts := n.Key(); parts.Next(); {
		part := parts.Node()
		if n := l.tables[path]; n > 0 {
			path = fmt.Sprintf("%s.%d", path, n-1)
		}
		path, line = join(path, string(part.Data)), l.parser.Shape(part.Raw).Start.Line
		if l.of[path] == 0 {
			l.of[path] = line
		}
	}
	return path, line
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// field notes the lines of a field and, if its value is a table or several, of those within.
func (l *lines) field(table string, n *unstable.Node) {
	path, line := l.key(table, n)
	l.of[path] = line
	l.value(path, line, n.Value())
}

func (l *lines) value(path string, line int, n *unstable.Node) {
	i := 0
	for inner := n.Children(); inner.Next(); i++ {
		switch child := inner.Node(); {
		case n.Kind == unstable.InlineTable:
			l.field(path, child)
		case n.Kind == unstable.Array && child.Kind == unstable.InlineTable:
			element := fmt.Sprintf("%s.%d", path, i)
			l.of[element] = line
			l.value(element, line, child)
		}
	}
}
