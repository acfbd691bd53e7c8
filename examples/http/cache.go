package main

import "container/list"

// entry is a value of the cache.
type entry struct {
	key     string
	value   string
	version int // how often the key was set since it came into the cache
}

// cache holds the values of one shard of keys, no more than most: the one that was not used for longest goes first. One worker at a time
// has it, so it needs no lock.
type cache struct {
	most  int
	where map[string]*list.Element
	order list.List // of *entry, the last used in front
}

func newCache(most int) *cache { return &cache{most: most, where: map[string]*list.Element{}} }

// get returns the entry of the key, or nil.
func (c *cache) get(key string) *entry {
	at := c.where[key]
	if at == nil {
		return nil
	}
	c.order.MoveToFront(at)
	return at.Value.(*entry)
}

// set gives the key a value.
func (c *cache) set(key, value string) *entry {
	v := c.get(key)
	if v == nil {
		v = &entry{key: key}
		c.where[key] = c.order.PushFront(v)
	}
	v.value = value
	v.version++
	if c.order.Len() > c.most {
		delete(c.where, c.order.Remove(c.order.Back()).(*entry).key)
	}
	return v
}
