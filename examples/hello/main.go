package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seda-go/seda/engine"
)

func main() {
	e := engine.New(engine.Config{})
	upper := engine.Add(e, engine.StageConfig[string]{Name: "upper"})
	show := engine.Add(e, engine.StageConfig[string]{Name: "show", Serial: true})
	toShow := engine.Connect(upper, show)
	upper.Handle(func(c *engine.Context, s string) error { toShow.Emit(c, strings.ToUpper(s)); return nil })
	show.Handle(func(c *engine.Context, s string) error { _, err := fmt.Println(s); return err })
	ctx := context.Background()
	if err := e.Start(ctx); err != nil {
		panic(err)
	}
	for i := range 5 {
		fmt.Println(upper.Submit(ctx, fmt.Sprint("hello ", i)))
	}
	ctx, c := context.WithTimeout(ctx, time.Second)
	defer c()
	fmt.Println(e.Drain(ctx))
	fmt.Printf("%+v\n", e.Stats())
}
