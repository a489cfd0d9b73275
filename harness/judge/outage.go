package judge

import (
	"slices"
	"time"
)

// Probe is one look at the platform.
type Probe struct {
	Sent   time.Time
	Done   time.Time
	Failed bool
	Kind   string // of the failure, such as "status 502"
}

// Outage is a run of failed probes with no success among them.
type Outage struct {
	Start  time.Time      `json:"start"` // first failed probe sent
	End    time.Time      `json:"end"`   // last failed probe given up
	Probes int            `json:"probes"`
	Kinds  map[string]int `json:"kinds"`
	// AtLeast and AtMost bound its duration: from the first to the last failed
	// probe, and from the last success before to the first success after.
	AtLeast time.Duration `json:"atLeastNs"`
	AtMost  time.Duration `json:"atMostNs"`
	// Open means that no success came before it or after it, so that AtMost
	// counts only what was observed.
	Open bool `json:"open"`
}

// Availability is what a series of probes shows.
type Availability struct {
	Probes  int           `json:"probes"`
	Failed  int           `json:"failed"`
	Outages []Outage      `json:"outages"`
	Longest time.Duration `json:"longestNs"` // largest AtMost
	Total   time.Duration `json:"totalNs"`   // sum of AtMost
	// Resolution is the longest time between two probes: an outage that lasted
	// longer must have met one.
	Resolution time.Duration `json:"resolutionNs"`
}

// FindOutages finds the outages in a series of probes in any order.
func FindOutages(probes []Probe) Availability {
	ordered := slices.Clone(probes)
	slices.SortStableFunc(ordered, func(a, b Probe) int { return a.Sent.Compare(b.Sent) })
	a := Availability{Probes: len(ordered)}
	for i := 0; i < len(ordered); i++ {
		if i > 0 {
			a.Resolution = max(a.Resolution, ordered[i].Sent.Sub(ordered[i-1].Sent))
		}
		if !ordered[i].Failed {
			continue
		}
		a.Failed++
		if i == 0 || !ordered[i-1].Failed {
			a.add(outageAt(ordered, i))
		}
	}
	return a
}

func (a *Availability) add(o Outage) {
	a.Outages = append(a.Outages, o)
	a.Longest = max(a.Longest, o.AtMost)
	a.Total += o.AtMost
}

// outageAt describes the run of failed probes that begins at an index.
func outageAt(ordered []Probe, first int) Outage {
	o := Outage{Start: ordered[first].Sent, Kinds: map[string]int{}}
	last := first
	for ; last < len(ordered) && ordered[last].Failed; last++ {
		o.Probes++
		o.Kinds[ordered[last].Kind]++
		if ordered[last].Done.After(o.End) {
			o.End = ordered[last].Done
		}
	}
	o.AtLeast = ordered[last-1].Sent.Sub(o.Start)
	from, to := o.Start, o.End
	if o.Open = first == 0 || last == len(ordered); first > 0 {
		from = ordered[first-1].Sent
	}
	if last < len(ordered) {
		to = ordered[last].Sent
	}
	o.AtMost = to.Sub(from)
	return o
}
