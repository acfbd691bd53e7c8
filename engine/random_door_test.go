package engine_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seda-go/seda/engine"
)

// door is an inlet.
type door struct {
	in    *engine.Inlet[parcel]
	to    *node
	id    int // of its stream; 0: none
	class int
	sent  uint32
}

func (n *node) door(in *engine.Inlet[parcel], class int, ordered bool) {
	d := &door{in: in, to: n, class: class}
	if ordered {
		n.g.orders++
		d.id = n.g.orders
	}
	n.g.doors = append(n.g.doors, d)
}

// parcel returns the next event for the door.
func (d *door) parcel(luck uint64) parcel {
	p := parcel{key: uint8(luck >> 8 % keys), hops: uint8(luck >> 16 % 8), luck: luck}
	if d.id != 0 {
		d.sent++
		p.stamp = stamp{stream{id: d.id, class: uint8(d.class)}, d.sent}
	}
	d.to.g.spend.Add(eachFeed)
	return p
}

// feed hands over n events in one of the ways there are, until one is refused for another reason than want of room. Calls wait for their
// answers in goroutines of their own.
func (d *door) feed(ctx context.Context, n int, luck uint64, calls *sync.WaitGroup) error {
	for n > 0 {
		luck = mixLuck(luck)
		var err error
		done := 1
		switch luck % 9 {
		case 0, 1, 2, 3:
			err = d.in.Submit(ctx, d.parcel(luck))
		case 4, 5:
			err = d.in.TrySubmit(d.parcel(luck))
		case 6:
			done, err = d.in.TrySubmitBatch(d.parcels(luck))
			done = max(done, 1)
		case 7:
			if d.to.stage.Inlet0() == d.in {
				sent := luck
				calls.Go(func() { d.call(ctx, sent) })
			}
		case 8:
			soon, cancel := context.WithTimeout(ctx, time.Duration(luck>>30%uint64(100*time.Microsecond)))
			err = d.in.Submit(soon, d.parcel(luck))
			cancel()
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				err = nil
			}
		}
		if err != nil && !errors.Is(err, engine.ErrFull) && !errors.Is(err, engine.ErrRefused) {
			return err
		}
		n -= done
	}
	return nil
}

// parcels returns some events for one call.
func (d *door) parcels(luck uint64) []parcel {
	ps := make([]parcel, 1+luck>>40%12)
	for i := range ps {
		luck = mixLuck(luck)
		ps[i] = d.parcel(luck)
	}
	return ps
}

// call sends an event and waits for its answer, whatever that is; some callers leave soon.
func (d *door) call(ctx context.Context, luck uint64) {
	if luck%3 == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(luck>>30%uint64(time.Millisecond)))
		defer cancel()
	}
	d.to.g.spend.Add(eachFeed)
	_, _ = engine.Call(ctx, d.to.stage, func(r engine.Reply[int]) parcel {
		return parcel{Reply: r, key: uint8(luck >> 8 % keys), hops: uint8(luck >> 16 % 8), luck: luck}
	})
}
