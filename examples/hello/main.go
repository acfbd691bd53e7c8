// Hello is the smallest program with two stages: one makes upper case, one shows.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/seda-go/seda/engine"
)

func main() {
	if err := run(context.Background(), os.Stdout, "hello", "world"); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, words ...string) error {
	e := engine.New(engine.Config{}) // the zero value serves
	upper := engine.Add(e, engine.StageConfig[string]{Name: "upper"})
	show := engine.Add(e, engine.StageConfig[string]{Name: "show", Serial: true})
	toShow := engine.Connect(upper, show)
	upper.Handle(func(c *engine.Context, s string) error { toShow.Emit(c, strings.ToUpper(s)); return nil })
	show.Handle(func(_ *engine.Context, s string) error { _, err := fmt.Fprintln(out, s); return err })
	if err := e.Start(ctx); err != nil { // every mistake in the graph at once
		return err
	}
	for _, w := range words {
		if err := upper.Submit(ctx, w); err != nil { // waits while the stage is full
			return err
		}
	}
	return e.Drain(ctx) // returns when everything is shown
}
