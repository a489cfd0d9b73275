package report

import (
	"fmt"
	"slices"

	"github.com/barq-platform/barqgate/harness/plan"
)

// Exception is something that was accepted, or could have been, besides a plain
// pass. Every report lists all of them, whatever the outcome.
type Exception struct {
	Kind   string `json:"kind"` // retried, flaky, quarantined or skipped
	Phase  string `json:"phase"`
	What   string `json:"what"`  // suite or criterion
	Count  int    `json:"count"` // further attempts, or skips
	Reason string `json:"reason"`
	Owner  string `json:"owner,omitempty"` // of a quarantine
	Until  string `json:"until,omitempty"` // last day of a quarantine
	Blocks bool   `json:"blocks,omitempty"`
}

// The kinds of exceptions.
const (
	retried     = "retried"
	isFlaky     = "flaky"
	quarantined = "quarantined"
	skipped     = "skipped"
)

// Text is the exception's reason as people read it.
func (e Exception) Text() string {
	text := e.Reason
	if e.Owner != "" {
		text += fmt.Sprintf("; owner %s, until %s", e.Owner, e.Until)
	}
	if e.Blocks {
		text += "; this blocks"
	}
	return text
}

// exceptions lists what was accepted besides a plain pass, phase by phase.
func (r *Report) exceptions() []Exception {
	all := []Exception{}
	for _, phase := range r.Phases {
		all = append(all, phase.retried()...)
		all = append(all, phase.flaky(r.gateOf(phase.Name))...)
		all = append(all, phase.skipped()...)
	}
	return all
}

func (r *Report) gateOf(phase string) plan.Gate {
	for _, planned := range r.Start.Plan.Phases {
		if planned.Name == phase {
			return planned.Gate
		}
	}
	if phase == rollbackPhase {
		return r.Start.Plan.RollbackGate
	}
	return plan.Gate{}
}

// supersede marks the execution that a further attempt of its suite replaces.
func (p *Phase) supersede(suite string) {
	for i := range p.Suites {
		if p.Suites[i].Start.Suite == suite && !p.Suites[i].Start.Companion {
			p.Suites[i].Superseded = true
		}
	}
}

func (p Phase) retried() []Exception {
	var found []Exception
	for _, s := range p.Suites {
		if !s.Superseded || s.Result == nil {
			continue
		}
		at := slices.IndexFunc(found, func(e Exception) bool { return e.What == s.Start.Suite })
		if at < 0 {
			found = append(found, Exception{Kind: retried, Phase: p.Name, What: s.Start.Suite, Reason: s.Result.Reason})
			at = len(found) - 1
		}
		found[at].Count++
	}
	return found
}

// flaky lists what passed only on a further attempt, and every quarantine of the
// phase's gate, whether it was needed or not: it is a debt that people forget.
func (p Phase) flaky(gate plan.Gate) []Exception {
	var found []Exception
	needed := map[string]bool{}
	if p.Gate != nil {
		for _, f := range p.Gate.Flaky {
			needed[f.Criterion] = true
			e := Exception{Kind: isFlaky, Phase: p.Name, What: f.Criterion, Count: f.Attempts - 1, Reason: fmt.Sprintf("it passed on attempt %d", f.Attempts), Blocks: f.Quarantine == nil}
			if q := f.Quarantine; q != nil {
				e.Kind, e.Owner, e.Until = quarantined, q.Owner, q.Until
				e.Reason += ", which its quarantine accepts: " + q.Reason
			}
			found = append(found, e)
		}
	}
	for _, q := range gate.Quarantines {
		if p.Started && !needed[q.Criterion] {
			found = append(found, Exception{Kind: quarantined, Phase: p.Name, What: q.Criterion, Reason: "not needed this time: " + q.Reason, Owner: q.Owner, Until: q.Until})
		}
	}
	return found
}

func (p Phase) skipped() []Exception {
	var found []Exception
	for _, s := range p.Suites {
		for _, record := range s.Criteria {
			if !record.Skipped || s.Superseded {
				continue
			}
			at := slices.IndexFunc(found, func(e Exception) bool { return e.What == record.Criterion && e.Reason == record.Reason })
			if at < 0 {
				found = append(found, Exception{Kind: skipped, Phase: p.Name, What: record.Criterion, Reason: record.Reason})
				at = len(found) - 1
			}
			found[at].Count++
		}
	}
	return found
}
