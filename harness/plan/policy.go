package plan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/document"
)

// Policy is what the gates of one environment accept besides a plain pass. It
// lives in testdata/gates/<environment>.yaml; without that file nothing is
// accepted.
type Policy struct {
	Retries     []Retry      `yaml:"retries"`
	Quarantines []Quarantine `yaml:"quarantines"`
	Skips       []Skip       `yaml:"skips"`
}

// Retry lets a suite run again that could not tell. What was seen to be violated
// is final, and so is a suite that broke down.
type Retry struct {
	Suite    string       `yaml:"suite" json:"suite"`
	Attempts int          `yaml:"attempts" json:"attempts"` // further executions, at most
	On       []RetryClass `yaml:"on" json:"on"`
	Reason   string       `yaml:"reason" json:"reason"` // why trying again may tell more
}

// RetryClass says why a criterion could not be judged.
type RetryClass string

// The classes that can be tried again.
const (
	// Inconclusive means that too little was seen.
	Inconclusive RetryClass = "inconclusive"
	// Transport means that the platform could not be reached to look.
	Transport RetryClass = "transport"
)

// mostAttempts bounds how often luck may be tried.
const mostAttempts = 3

// Quarantine accepts that a criterion passes only when it is tried again. It does
// not accept anything but a pass in the end, and it ends by itself.
type Quarantine struct {
	Criterion string `yaml:"criterion" json:"criterion"`
	Owner     string `yaml:"owner" json:"owner"` // who repairs it
	Until     string `yaml:"until" json:"until"` // last day, such as 2026-12-31, in UTC
	Reason    string `yaml:"reason" json:"reason"`
}

// Skip accepts that a criterion is skipped here.
type Skip struct {
	Criterion string `yaml:"criterion"`
	Reason    string `yaml:"reason"`
}

// ErrPolicy is wrapped by every error for a policy that cannot be used.
var ErrPolicy = errors.New("the gates' policy cannot be used")

// gatesFolder holds the policies, relative to the module's root.
var gatesFolder = filepath.Join("testdata", "gates")

// safetyFile lists what no policy may weaken.
const safetyFile = "safety-critical.yaml"

// LoadPolicy reads the policy of an environment.
func LoadPolicy(root, env string) (Policy, error) {
	var p Policy
	name := filepath.Join(gatesFolder, env+".yaml")
	doc, err := parse(root, name)
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	var safety struct {
		Criteria map[string]string `yaml:"criteria"` // id, or the beginning of one, to why
	}
	list, err := parse(root, filepath.Join(gatesFolder, safetyFile))
	if err != nil {
		return p, fmt.Errorf("%w; it says what %s must not weaken", err, name)
	}
	if err := errors.Join(list.Decode(&safety), doc.Decode(&p)); err != nil {
		return Policy{}, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	if err := p.check(doc.At, safety.Criteria); err != nil {
		return Policy{}, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return p, nil
}

func parse(root, name string) (*document.Document, error) {
	source, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	doc, err := document.Parse(name, source)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return doc, nil
}

// check reports every entry that is incomplete or weakens what must not be.
func (p Policy) check(at func(key string) string, safety map[string]string) error {
	var problems []error
	problem := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s: %s", at(key), key, fmt.Sprintf(format, args...)))
	}
	if len(safety) == 0 {
		problem("", "%s lists no criterion", safetyFile)
	}
	for i, r := range p.Retries {
		if err := r.check(); err != nil {
			problem(fmt.Sprintf("retries[%d]", i), "%v", err)
		}
	}
	for i, q := range p.Quarantines {
		key := fmt.Sprintf("quarantines[%d]", i)
		if err := q.check(); err != nil {
			problem(key, "%v", err)
		}
		if why, critical := isCritical(q.Criterion, safety); critical {
			problem(key, "%s is safety-critical (%s) and cannot be quarantined", q.Criterion, why)
		}
	}
	for i, s := range p.Skips {
		key := fmt.Sprintf("skips[%d]", i)
		if s.Criterion == "" || s.Reason == "" {
			problem(key, "expected criterion and reason")
		}
		if why, critical := isCritical(s.Criterion, safety); critical {
			problem(key, "%s is safety-critical (%s) and cannot be skipped", s.Criterion, why)
		}
	}
	return errors.Join(problems...)
}

func isCritical(id string, safety map[string]string) (why string, critical bool) {
	for prefix, why := range safety {
		if id == prefix || strings.HasPrefix(id, prefix+".") {
			return why, true
		}
	}
	return "", false
}

func (r Retry) check() error {
	switch {
	case r.Suite == "" || r.Reason == "":
		return errors.New("expected suite and reason")
	case r.Attempts < 1 || r.Attempts > mostAttempts:
		return fmt.Errorf("attempts is %d; expected 1 to %d", r.Attempts, mostAttempts)
	case len(r.On) == 0:
		return fmt.Errorf("on is missing; expected %s, %s or both", Inconclusive, Transport)
	}
	for _, class := range r.On {
		if class != Inconclusive && class != Transport {
			return fmt.Errorf("on lists %q; expected %s or %s: what has failed is not tried again", class, Inconclusive, Transport)
		}
	}
	return nil
}

func (q Quarantine) check() error {
	if q.Criterion == "" || q.Owner == "" || q.Reason == "" {
		return errors.New("expected criterion, owner, until and reason")
	}
	if _, err := time.Parse(time.DateOnly, q.Until); err != nil {
		return fmt.Errorf("until is %q; expected a day such as 2026-12-31", q.Until)
	}
	return nil
}

// Expired reports whether the quarantine has ended. One whose day cannot be read
// has.
func (q Quarantine) Expired(now time.Time) bool {
	until, err := time.Parse(time.DateOnly, q.Until)
	return err != nil || !now.UTC().Before(until.AddDate(0, 0, 1))
}

// Apply gives the gate what the policy says about the suites that are run there.
// A skip that the gate allows already keeps its reason.
func (p Policy) Apply(gate *Gate, companions []string) {
	here := func(suite string) bool {
		return slices.Contains(gate.Suites, suite) || slices.Contains(companions, suite)
	}
	for _, r := range p.Retries {
		if slices.Contains(gate.Suites, r.Suite) { // a companion cannot: its steps are over
			gate.Retries = append(gate.Retries, r)
		}
	}
	for _, q := range p.Quarantines {
		if here(area(q.Criterion)) {
			gate.Quarantines = append(gate.Quarantines, q)
		}
	}
	for _, s := range p.Skips {
		if _, taken := gate.AllowedSkips[s.Criterion]; taken || !here(area(s.Criterion)) {
			continue
		}
		if gate.AllowedSkips == nil {
			gate.AllowedSkips = map[string]string{}
		}
		gate.AllowedSkips[s.Criterion] = s.Reason
	}
}

// Criteria lists the criteria that the policy names.
func (p Policy) Criteria() []string {
	var ids []string
	for _, q := range p.Quarantines {
		ids = append(ids, q.Criterion)
	}
	for _, s := range p.Skips {
		ids = append(ids, s.Criterion)
	}
	return ids
}

// area is the first part of a criterion's id, the name of its suite.
func area(criterion string) string {
	suite, _, _ := strings.Cut(criterion, ".")
	return suite
}

// RetryOf returns how often and why the suite may be tried again.
func (g Gate) RetryOf(suite string) Retry {
	for _, r := range g.Retries {
		if r.Suite == suite {
			return r
		}
	}
	return Retry{}
}

// QuarantineOf returns the criterion's quarantine.
func (g Gate) QuarantineOf(criterion string) (Quarantine, bool) {
	for _, q := range g.Quarantines {
		if q.Criterion == criterion {
			return q, true
		}
	}
	return Quarantine{}, false
}

// Current reports every quarantine of the plan that has ended: a plan with one is
// not executed.
func (p *Plan) Current(now time.Time) error {
	var problems []error
	gates := []Gate{p.RollbackGate}
	for _, phase := range p.Phases {
		gates = append(gates, phase.Gate)
	}
	seen := map[string]bool{}
	for _, gate := range gates {
		for _, q := range gate.Quarantines {
			if q.Expired(now) && !seen[q.Criterion] {
				seen[q.Criterion] = true
				problems = append(problems, fmt.Errorf("the quarantine of %s has ended on %s: %s has to repair it (%s), or renew it in %s", q.Criterion, q.Until, q.Owner, q.Reason, gatesFolder))
			}
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %w", ErrPolicy, errors.Join(problems...))
	}
	return nil
}
