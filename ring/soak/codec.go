package main

// An event has an id: its producer, above, and its number among that one's events.
const numberBits = 40

func idOf(producer, number int) uint64 { return uint64(producer)<<numberBits | uint64(number) }
func producerOf(id uint64) int         { return int(id >> numberBits) }
func numberOf(id uint64) uint64        { return id & (1<<numberBits - 1) }

// codec puts ids into events of a type. It is called once a batch, so that its loops know the type.
type codec[T any] interface {
	// fill makes the events from an id on.
	fill(items []T, id uint64)
	// run returns the id of the first event, and how many follow one another from it on. One that is torn has no id that fits.
	run(items []T) (id uint64, n int)
}

type word struct{}

func (word) fill(items []uint64, id uint64) {
	for i := range items {
		items[i] = id + uint64(i)
	}
}

func (word) run(items []uint64) (id uint64, n int) {
	id = items[0]
	for n < len(items) && items[n] == id+uint64(n) {
		n++
	}
	return id, n
}

// line is a cache line that has the id in each of its words.
type line struct{}

type lineEvent = [8]uint64

func (line) fill(items []lineEvent, id uint64) {
	for i := range items {
		for j := range items[i] {
			items[i][j] = id + uint64(i)
		}
	}
}

func (line) run(items []lineEvent) (id uint64, n int) {
	id = items[0][0]
	for n < len(items) && whole(&items[n], id+uint64(n)) {
		n++
	}
	if n == 0 {
		return torn, 1
	}
	return id, n
}

// torn is nobody's id.
const torn = 1 << 63

func whole(event *lineEvent, id uint64) bool {
	for _, v := range event {
		if v != id {
			return false
		}
	}
	return true
}

// boxes are pointers to ids, made before the round.
type boxes struct{ ids [][]uint64 }

func newBoxes(r round) boxes {
	b := boxes{make([][]uint64, r.producers)}
	for p := range b.ids {
		b.ids[p] = make([]uint64, r.events)
		word{}.fill(b.ids[p], idOf(p, 0))
	}
	return b
}

func (b boxes) fill(items []*uint64, id uint64) {
	ids := b.ids[producerOf(id)][numberOf(id):]
	for i := range items {
		items[i] = &ids[i]
	}
}

func (b boxes) run(items []*uint64) (id uint64, n int) {
	id = *items[0]
	for n < len(items) && *items[n] == id+uint64(n) {
		n++
	}
	return id, n
}
