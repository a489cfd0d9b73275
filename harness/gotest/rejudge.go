package gotest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Process is what a verdict rests on besides the stored events and evidence. With
// it, anybody can judge again what was judged, without running anything.
type Process struct {
	Inventory    []string          `json:"inventory,omitempty"` // tests that had to end
	Required     []string          `json:"required,omitempty"`
	AllowedSkips map[string]string `json:"allowedSkips,omitempty"`
	Timeout      time.Duration     `json:"timeout"`
	Ending       string            `json:"ending"` // by itself, late or cancelled
	Exit         int               `json:"exit"`
	Status       string            `json:"status,omitempty"`
	Failure      string            `json:"failure,omitempty"` // what kept the process, or the record of it, from working
}

var endings = map[ending]string{byItself: "by itself", late: "late", cancelled: "cancelled"}

// account is what another judge has to know of the execution.
func (x execution) account() Process {
	p := Process{
		Inventory: x.inventory, Required: x.policy.Required, AllowedSkips: maps.Clone(x.policy.AllowedSkips),
		Timeout: x.timeout, Ending: endings[x.ending], Exit: x.exit, Status: x.status,
	}
	if x.failure != nil {
		p.Failure = x.failure.Error()
	}
	return p
}

// Rejudge judges an execution from what it has left in its evidence folder, as it
// was judged when it ran. The error says what kept it from being judged again.
func Rejudge(evidence string, p Process) (v verdict.Verdict, records []suite.Record, err error) {
	if p.Failure != "" {
		return verdict.Error, nil, nil // whatever the events say
	}
	x := execution{
		inventory: p.Inventory, policy: Policy{Required: p.Required, AllowedSkips: p.AllowedSkips},
		evidence: evidence, timeout: p.Timeout, exit: p.Exit, status: p.Status,
	}
	known := slices.Collect(maps.Keys(endings))
	at := slices.IndexFunc(known, func(e ending) bool { return endings[e] == p.Ending })
	if at < 0 {
		return verdict.Error, nil, fmt.Errorf("judge again: the process ended %q; expected by itself, late or cancelled", p.Ending)
	}
	x.ending = known[at]
	events, err := os.Open(filepath.Join(evidence, eventsFile))
	if err != nil {
		return verdict.Error, nil, fmt.Errorf("judge again: %w", err)
	}
	defer events.Close() // only read from
	r := newRecorder(nil, nowhere("its test events"), nowhere("its output"))
	if err := errors.Join(r.read(events), r.close()); err != nil {
		return verdict.Error, nil, fmt.Errorf("judge again: %w", err)
	}
	x.transcript = r.transcript
	for _, j := range r.transcript.records {
		records = append(records, j.record)
	}
	v, _ = x.judge()
	return v, records, nil
}

// nowhere is a store that keeps nothing.
func nowhere(what string) *store {
	return newStore(void{io.Discard}, what, func(int64) []byte { return nil })
}

type void struct{ io.Writer }

func (void) Close() error { return nil }
