package sched

import (
	"cmp"
	"math"
	"slices"
)

// Constants of the trim.
const (
	trimEvery  = 100e6 // ns between decisions about rates and corrections,
	trimSoon   = 20e6  // and between those that cannot wait
	trimDrain  = 40e6  // ns in which an excess is to be gone
	trimHarm   = 0.02  // part of a class's offer whose refusal makes the lower ones give way
	trimAlone  = 0.15  // part of the capacity that nobody is let in for, above which a class loses events to nobody but itself
	trimRoom   = 1.1   // what a source may bring in, as a multiple of what it offers, before it is limited
	trimFloor  = 0.01  // part of the capacity that no class is denied
	trimReturn = 0.5   // part of the way back to a higher rate, each trimEvery
	trimIdle   = 0.03  // part of its time that the narrowest place may have nothing to do while rates refuse events
	trimLow    = 0.5   // bounds of trust
	trimHigh   = 2
)

// trim decides about rates every 100 ms, or after 20 ms where it cannot wait: where an event would take twice its target, where events wait
// too long behind their stage and no rate is set, or where a class loses events while a lower one is let in. Then it only cuts.
//
// Sources that need the same workers are a group, and share its capacity. A source's part is its rate divided by that of its narrowest place,
// in events per second. The parts are dealt out from the highest class down: as long as they suffice a source is not limited; the class with
// which they run out divides what is left evenly, nobody getting more than it offers; classes below keep 1 %. Without classes above, and
// with the narrowest place at its own stage and nothing that piles up behind it, a source needs no rate: its gate refuses just what is too much, and never
// leaves a worker idle.
//
// What classes can have, together with those above, is 1, corrected by the trust of the class: down by twice what a higher class loses while this one is
// let in, unless the workers do not do what they could; down by 3 % while events wait too long behind the stage; up by half of the part of its time that the narrowest place is idle, while
// rates refuse, if no higher class could have that. So a class below another comes to have all that its gate lets in, if that does the other no harm.
// And a rate is lowered, at once and for as long as events wait for more than half of their target behind the stage, so that what is too much is gone in
// 40 ms: see drain.
//
// A cut is made at once; a rate returns by half of the way each 100 ms. Nothing is cut in the tick after cores moved, nor while a
// worker is spare that could run the narrowest place, unless an event would take twice its target.
func (a *admission) trim(s *Snapshot) {
	moved := s.Epoch != a.epoch
	a.epoch = s.Epoch
	full := s.Now-a.trimmed >= trimEvery
	if !full && (s.Now-a.looked < trimSoon || !a.urgent(s)) {
		return
	}
	a.looked = s.Now
	a.regroup()
	for k := range a.sources {
		if a.sources[k].group == k {
			a.deal(k, s, moved, full)
		}
	}
	if full {
		a.trimmed = s.Now
		for k := range a.sources {
			a.sources[k].right = min(a.sources[k].right*admitBack, 1)
		}
	}
}

// urgent reports whether rates cannot wait.
func (a *admission) urgent(s *Snapshot) bool {
	lost, lowest := -1, math.MaxInt
	for k, c := range a.y.Sources {
		if a.doubled(k, s) || a.sources[k].rate == 0 && a.over(k) > 0 {
			return true
		}
		if r := &a.m.rates[k]; r.refused > trimHarm*r.offered {
			lost = max(lost, c.Class)
		}
		if a.m.rates[k].accepted > 0 {
			lowest = min(lowest, c.Class)
		}
	}
	return lost > lowest
}

// doubled reports whether an event of source k would take twice its target.
func (a *admission) doubled(k int, s *Snapshot) bool {
	target := float64(a.y.Sources[k].Target)
	return target > 0 && float64(s.Sources[k].HeadAge)+a.sources[k].behind > 2*target
}

// over returns by how many ns events of source k are too long behind their stage, where their gate does not see them.
func (a *admission) over(k int) float64 {
	if a.gated(k) {
		return 0
	}
	return a.excess(k)
}

// excess returns by how many ns events of source k wait too long behind their stage.
func (a *admission) excess(k int) float64 {
	x, c := &a.sources[k], &a.y.Sources[k]
	part := admitBehind
	if x.narrow == c.Stage {
		part = admitPile
	}
	if c.Target == 0 {
		return 0
	}
	return max(x.behind-part*float64(c.Target), 0)
}

// gated reports whether what is too much waits before the gate of source k: its stage is the narrowest place, or its workers are, which run the stages behind as
// well, and what they do there does not pile up. Workers take turns, so a stage that costs little can fill the ring of a dear one.
func (a *admission) gated(k int) bool {
	return a.sources[k].narrow == a.y.Sources[k].Stage && !a.sources[k].piles
}

// pile notes whether events pile up behind the gate of source k, which holds until it and its rivals together ask for less than can be done.
func (a *admission) pile(k int) {
	x := &a.sources[k]
	switch {
	case a.excess(k) > 0:
		x.piles = true
	case a.asked(k) < admitCalm:
		x.piles = false
	}
}

// drain returns the part of its rate that source k has until an excess behind its stage is gone, in tenths.
func (a *admission) drain(k int) float64 {
	return 1 - min(math.Round(10*a.over(k)/trimDrain), 9)/10
}

// regroup finds which sources need the same workers; -1: it has never been used.
func (a *admission) regroup() {
	for k := range a.sources {
		x := &a.sources[k]
		if x.group = k; !x.used {
			x.group = -1
			continue
		}
		for j := range k {
			y := &a.sources[j]
			if both := x.feet.And(&y.feet); both.Empty() || y.group == x.group {
				continue
			}
			low, high := min(x.group, y.group), max(x.group, y.group)
			for i := range k + 1 {
				if a.sources[i].group == high {
					a.sources[i].group = low
				}
			}
		}
	}
}

// deal shares out the capacity of a group.
func (a *admission) deal(group int, s *Snapshot, moved, full bool) {
	members := a.members[:0]
	short, twice, help := false, false, false
	for k := range a.sources {
		x, r := &a.sources[k], &a.m.rates[k]
		if x.group != group {
			continue
		}
		members = append(members, k)
		short = short || r.refused > 0.001*r.offered || a.over(k) > 0
		twice, help = twice || a.doubled(k, s), help || a.m.help(&x.way)
	}
	a.members = members
	slices.SortStableFunc(members, func(i, j int) int { return a.y.Sources[j].Class - a.y.Sources[i].Class })
	if full {
		a.judge(members)
	}
	given, cut := 0.0, twice || !moved && !help
	for top := true; len(members) > 0; top = false {
		n, left := a.peers(members), math.Inf(1)
		if short {
			left = max(a.sources[members[0]].trust-given, 0)
		}
		given += a.class(members[:n], left, top, cut, full)
		members = members[n:]
	}
}

// peers returns how many members from the first are of its class.
func (a *admission) peers(members []int) int {
	n := 1
	for n < len(members) && a.y.Sources[members[n]].Class == a.y.Sources[members[0]].Class {
		n++
	}
	return n
}

// part returns the part of the group's capacity that source k wants, with some room: all of it if too much came in.
func (a *admission) part(k int) float64 {
	part := trimRoom * a.m.rates[k].offered / a.sources[k].most
	if a.over(k) > 0 {
		part = max(part, trimRoom)
	}
	return part
}

// class gives the sources of a class what they want, if there is enough left, or divides what there is. It returns what they have then.
func (a *admission) class(members []int, left float64, top, cut, full bool) float64 {
	slices.SortStableFunc(members, func(i, j int) int { return cmp.Compare(a.part(i), a.part(j)) })
	sum, gated := 0.0, top
	for _, k := range members {
		sum += a.part(k)
		gated = gated && a.gated(k)
	}
	free, given := sum <= left || gated, 0.0
	for i, k := range members {
		want, even := a.part(k), left/float64(len(members)-i)
		if free || want <= even {
			a.set(k, math.Inf(1), cut, full)
		} else {
			a.set(k, max(even, trimFloor)*a.sources[k].most, cut, full)
		}
		left, given = left-min(want, even), given+min(want, even)
	}
	return given
}

// set moves the rate of source k to what it may be.
func (a *admission) set(k int, rate float64, cut, full bool) {
	x, now := &a.sources[k], a.sources[k].rate
	if now == 0 {
		now = math.Inf(1)
	}
	enough := trimRoom * a.m.rates[k].offered
	switch {
	case a.y.Sources[k].Target == 0:
	case rate < now:
		if cut {
			x.rate = rate
		}
	case full && rate > now:
		x.rate = now + trimReturn*(min(rate, 2*enough+1)-now)
		if math.IsInf(rate, 1) && x.rate > enough {
			x.rate = 0
		}
	}
}

// judge corrects the trust of each class of a group, from the highest down.
func (a *admission) judge(members []int) {
	used := 0.0
	for _, k := range members {
		used += a.m.rates[k].accepted / a.sources[k].most
	}
	for harm, wants := 0.0, false; len(members) > 0; {
		n := a.peers(members)
		lost, wanted := a.trust(members[:n], harm, wants)
		if used > 1-trimAlone {
			harm = max(harm, lost)
		}
		wants, members = wants || wanted, members[n:]
	}
}

// trust corrects the trust of the sources of a class by what those above have lost, in parts of the capacity, and by whether one of them could have more. It returns
// the same of this class.
func (a *admission) trust(members []int, harm float64, wants bool) (lost float64, wanted bool) {
	trust, in, over, spare := a.sources[members[0]].trust, false, false, 0.0
	for _, k := range members {
		r, x := &a.m.rates[k], &a.sources[k]
		in, over = in || r.accepted > 2*trimFloor*x.most, over || a.over(k) > 0
		idle := a.m.idle(&x.way, a.y.Sources[k].Stage)
		if x.rate > 0 && r.refused > 0 && idle > trimIdle {
			spare = max(spare, idle)
		}
		if r.refused > trimHarm*r.offered {
			lost = max(lost, r.refused/x.most)
		}
	}
	switch {
	case harm > 0 && in:
		trust -= min(2*harm, 0.2)
	case over:
		trust *= 0.97
	case !wants:
		trust += min(spare/2, 0.1)
	}
	for _, k := range members {
		a.sources[k].trust = min(max(trust, trimLow), trimHigh)
	}
	return lost, spare > 0
}
