package suite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/barq-platform/barqgate/harness/verdict"
)

// A criterion's Record travels as JSON in the attributes of its test's events.
const (
	// AttrKey is the key of the attribute with the record, or with its end.
	AttrKey = "barqgate"
	// AttrKeyPart is the key of attributes with the parts that come before the end.
	AttrKeyPart = "barqgate-part"
	// AttrPartEnd ends the value of each such part: test2json drops spaces there.
	AttrPartEnd = "+"
)

// attrBytes is the longest value given to one attribute: test2json takes a line
// of more than 4096 bytes for plain output and the record would be lost. The
// line also holds the test's name.
const attrBytes = 2048

// Record is what a criterion's test reports; the harness reads it from the test
// events and stores it in the journal.
type Record struct {
	Criterion   string          `json:"criterion"`
	Requirement string          `json:"requirement"`
	Verdict     verdict.Verdict `json:"verdict"`
	Reason      string          `json:"reason,omitempty"`     // why it is not a pass
	Samples     int             `json:"samples"`              // observations made
	Minimum     int             `json:"minimum"`              // observations that a pass needs
	Observed    string          `json:"observed,omitempty"`   // what the samples were
	WouldCatch  string          `json:"wouldCatch,omitempty"` // the smallest defect a pass excludes
	Skipped     bool            `json:"skipped,omitempty"`
	Transport   bool            `json:"transport,omitempty"` // inconclusive because the platform could not be reached to look
	Evidence    []Evidence      `json:"evidence,omitempty"`
	Measured    map[string]any  `json:"measured,omitempty"` // named figures, for reports and baselines
}

// Names of measured figures that reports add up over a whole run.
const (
	// MeasuredRequests is how many requests the criterion's test has sent.
	MeasuredRequests = "requests"
	// MeasuredOutage is the longest time without a good answer, in milliseconds.
	MeasuredOutage = "longest-outage-ms"
)

// Evidence is one file that a criterion stored.
type Evidence struct {
	Path   string `json:"path"` // relative to the suite's evidence folder
	SHA256 string `json:"sha256"`
	Bytes  int    `json:"bytes"`
}

// Summary is the one-line account of the record for people.
func (r Record) Summary() string {
	if r.Reason != "" {
		return r.Reason
	}
	text := fmt.Sprintf("%d %s", r.Samples, r.Observed)
	if r.WouldCatch != "" {
		text += "; would have caught " + r.WouldCatch
	}
	return text
}

// Check is a declared criterion while its test runs. It belongs to the test's own
// goroutine.
type Check struct {
	t            *testing.T
	record       Record
	inconclusive bool
}

// criterionID is area.thing.property, lower case, with digits and dashes.
var criterionID = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*){2,}$`)

// Criterion declares that the running test decides the requirement with this id
// (area.thing.property), stated in one sentence. The test's outcome is the
// criterion's: it passes only if the test did not fail and Observed was called
// with enough samples. A test declares at most one criterion; give each further
// one a subtest.
func Criterion(t *testing.T, id, requirement string) *Check {
	t.Helper()
	if !criterionID.MatchString(id) {
		t.Fatalf("criterion id %q: expected area.thing.property in lower case", id)
	}
	if requirement == "" {
		t.Fatalf("criterion %s needs a sentence that says what is required", id)
	}
	current.mu.Lock()
	first, taken := current.declared[id]
	if !taken {
		current.declared[id] = t.Name()
	}
	current.mu.Unlock()
	c := &Check{t: t, record: Record{Criterion: id, Requirement: requirement, Minimum: 1}}
	if taken {
		c.record.Verdict, c.record.Reason = verdict.Error, fmt.Sprintf("declared twice: by %s and by %s", first, t.Name())
		c.report()
		t.Fatalf("criterion %s is %s", id, c.record.Reason)
	}
	t.Cleanup(c.conclude)
	return c
}

// Observed counts n observations and says what they were ("requests answered
// 200"). A criterion that observed nothing is an error, never a pass.
func (c *Check) Observed(n int, what string) {
	c.record.Samples += n
	c.record.Observed = what
}

// Needs sets how many observations a pass needs; fewer are inconclusive.
func (c *Check) Needs(minimum int) { c.record.Minimum = max(minimum, 1) }

// WouldCatch says what the smallest defect is that this pass excludes.
func (c *Check) WouldCatch(format string, args ...any) {
	c.record.WouldCatch = fmt.Sprintf(format, args...)
}

// Measured records a named figure with the criterion. Durations are given in
// milliseconds and shares between 0 and 1, and the name says so.
func (c *Check) Measured(name string, value any) {
	if c.record.Measured == nil {
		c.record.Measured = map[string]any{}
	}
	c.record.Measured[name] = value
}

// Inconclusive ends the test: what was seen is not enough to judge. The go test
// process fails, because a gate must not open on it.
func (c *Check) Inconclusive(format string, args ...any) {
	c.t.Helper()
	c.inconclusive = !c.t.Failed()
	c.record.Reason = fmt.Sprintf(format, args...)
	c.t.Fatalf("inconclusive: %s", c.record.Reason)
}

// Unreachable ends the test as Inconclusive does, because the platform could not
// be reached to look. It is for what says nothing about the requirement: where an
// answer is required, its absence is a failure.
func (c *Check) Unreachable(format string, args ...any) {
	c.t.Helper()
	c.record.Transport = !c.t.Failed()
	c.Inconclusive(format, args...)
}

// Skip ends the test: the criterion cannot apply here. The reason is counted and
// shown, and a gate accepts it only if its policy names the criterion.
func (c *Check) Skip(format string, args ...any) {
	c.t.Helper()
	c.record.Reason = fmt.Sprintf(format, args...)
	c.t.Skip(c.record.Reason)
}

// Failf fails the test and keeps the text as the criterion's reason. Assertions
// of testify fail the test too; Failf gives the report a better sentence.
func (c *Check) Failf(format string, args ...any) {
	c.t.Helper()
	c.reason(format, args...)
	c.t.Errorf(format, args...)
}

// Require fails and ends the test with the text unless the condition holds.
func (c *Check) Require(condition bool, format string, args ...any) {
	c.t.Helper()
	if condition {
		return
	}
	c.reason(format, args...)
	c.t.Fatalf(format, args...)
}

func (c *Check) reason(format string, args ...any) {
	if c.record.Reason == "" {
		c.record.Reason = fmt.Sprintf(format, args...)
	}
}

// Evidence stores a file with the criterion, without the environment's secrets. A file that cannot be stored fails
// the test: a verdict without its evidence is not one.
func (c *Check) Evidence(name string, data []byte) {
	c.t.Helper()
	relative := filepath.Join(c.record.Criterion, filepath.Base(name))
	for _, stored := range c.record.Evidence {
		if stored.Path == filepath.ToSlash(relative) {
			c.t.Fatalf("criterion %s stores its evidence %s twice; the first file would be lost", c.record.Criterion, stored.Path)
		}
	}
	data = []byte(current.redactor.Text(string(data)))
	path := filepath.Join(current.evidence, relative)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatalf("store evidence of %s: %v", c.record.Criterion, err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		c.t.Fatalf("store evidence of %s: %v", c.record.Criterion, err)
	}
	sum := sha256.Sum256(data)
	c.record.Evidence = append(c.record.Evidence, Evidence{Path: filepath.ToSlash(relative), SHA256: hex.EncodeToString(sum[:]), Bytes: len(data)})
}

// EvidenceJSON stores a value as indented JSON.
func (c *Check) EvidenceJSON(name string, value any) {
	c.t.Helper()
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		c.t.Fatalf("store evidence of %s: %v", c.record.Criterion, err)
	}
	c.Evidence(name, append(data, '\n'))
}

// conclude runs as the test's last cleanup and decides the verdict.
func (c *Check) conclude() {
	r := &c.record
	switch {
	case c.t.Skipped() && !c.t.Failed():
		r.Verdict, r.Skipped = verdict.Inconclusive, true
		if r.Reason == "" {
			r.Reason = "skipped without a reason"
		}
	case c.inconclusive:
		r.Verdict = verdict.Inconclusive
	case c.t.Failed():
		r.Verdict = verdict.Fail
		if r.Reason == "" {
			r.Reason = "an assertion failed; see the test's output"
		}
	case r.Samples == 0:
		r.Verdict, r.Reason = verdict.Error, "the test ended without observing anything"
		c.t.Errorf("criterion %s: %s", r.Criterion, r.Reason)
	case r.Samples < r.Minimum:
		r.Verdict, r.Reason = verdict.Inconclusive, fmt.Sprintf("only %d of the %d %s that a judgement needs", r.Samples, r.Minimum, r.Observed)
		c.t.Errorf("criterion %s: inconclusive: %s", r.Criterion, r.Reason)
	default:
		r.Verdict = verdict.Pass
	}
	c.report()
}

// report hands the record to the harness and to the summary.
func (c *Check) report() {
	r := &c.record
	r.Reason = strings.Join(strings.Fields(r.Reason), " ")
	data, err := json.Marshal(r)
	if err != nil {
		c.t.Errorf("criterion %s: encode its record: %v", r.Criterion, err)
		return
	}
	text := current.redactor.JSON(string(data))
	var told Record // what everybody may know
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		c.t.Errorf("criterion %s: its record without secrets cannot be read: %v", r.Criterion, err)
		return
	}
	for len(text) > attrBytes {
		cut := attrBytes
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		c.t.Attr(AttrKeyPart, text[:cut]+AttrPartEnd)
		text = text[cut:]
	}
	c.t.Attr(AttrKey, text)
	current.mu.Lock()
	current.records = append(current.records, told)
	current.mu.Unlock()
}
