package main

import "time"

// city is where readers are.
type city struct {
	name string
	rtt  time.Duration // between data centres there and in Seoul
}

// cities have the published round trips of a cloud provider's backbone between its region there and
// its region in Seoul (Korea Central): the 95th percentile over the thirty days before 30 July 2026.
// Source: Microsoft, "Azure network round-trip latency statistics",
// https://learn.microsoft.com/en-us/azure/networking/azure-network-latency. The regions, in this
// order: Japan East, Indonesia Central, West US (California), South Africa North, France Central,
// Brazil South.
func cities() []city {
	return []city{
		{"Tokyo", 36 * time.Millisecond},
		{"Jakarta", 82 * time.Millisecond},
		{"Los Angeles", 133 * time.Millisecond},
		{"Johannesburg", 250 * time.Millisecond},
		{"Paris", 266 * time.Millisecond},
		{"São Paulo", 296 * time.Millisecond},
	}
}

// line is how a reader reaches the data centre of their city.
type line struct {
	name     string
	rtt      time.Duration
	down, up float64 // bits a second
	loss     float64 // share of packets, each way
}

// lines: a good one at home, and the slow phone that browsers' own tools imitate (150 ms of last
// mile, 1.6 Mbit/s down, 750 kbit/s up) with one packet in a hundred lost on top.
func lines() []line {
	return []line{
		{"good line", 10 * time.Millisecond, 50e6, 20e6, 0},
		{"slow phone", 150 * time.Millisecond, 1.6e6, 750e3, 0.01},
	}
}

// phase is one way of measuring: all readers do it at the same time.
type phase struct {
	name string
	pop  bool // through the POP of the city; else straight to Seoul
	cold bool // the cache has nothing of the page
}

func phases() []phase {
	return []phase{
		{"Seoul, cold", false, true}, {"Seoul, warm", false, false},
		{"POP, cold", true, true}, {"POP, warm", true, false},
	}
}
