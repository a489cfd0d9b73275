// Package verdict holds the five answers a check can give and the one rule that
// combines them. It must never know what was checked, and it must never turn
// the absence of an answer into a pass.
package verdict

import (
	"encoding/json"
	"fmt"
)

// Verdict is the answer of one criterion, suite, gate or run. The zero value is
// Unset, which never passes.
type Verdict int

// The verdicts, ordered from harmless to worst; Fold relies on the order.
const (
	// Unset is the zero value: nobody has judged yet. It blocks.
	Unset Verdict = iota
	// Pass means that the requirement was observed to hold.
	Pass
	// Inconclusive means that too little was seen to say either way. It blocks.
	Inconclusive
	// Fail means that the requirement was observed to be violated.
	Fail
	// Error means that the check itself did not work. It blocks.
	Error
)

var names = map[Verdict]string{
	Unset:        "unset",
	Pass:         "pass",
	Inconclusive: "inconclusive",
	Fail:         "fail",
	Error:        "error",
}

// String returns the lower-case name used in reports and journals.
func (v Verdict) String() string {
	if name, ok := names[v]; ok {
		return name
	}
	return fmt.Sprintf("verdict(%d)", int(v))
}

// Passed reports whether v allows a rollout to go on. Only Pass does.
func (v Verdict) Passed() bool { return v == Pass }

// Parse is the inverse of String. An unknown name is an error and yields Error,
// so that a caller that ignores the error still blocks.
func Parse(name string) (Verdict, error) {
	for v, n := range names {
		if n == name {
			return v, nil
		}
	}
	return Error, fmt.Errorf("unknown verdict %q: expected unset, pass, inconclusive, fail or error", name)
}

// Fold returns the worst of the verdicts. Folding nothing is Inconclusive, and
// an Unset or unknown member makes the whole an Error: a verdict that was never
// given is a defect of the check, not a mild result.
func Fold(verdicts ...Verdict) Verdict {
	if len(verdicts) == 0 {
		return Inconclusive
	}
	worst := Pass
	for _, v := range verdicts {
		if _, known := names[v]; !known || v == Unset {
			return Error
		}
		worst = max(worst, v)
	}
	return worst
}

// MarshalJSON writes the verdict's name.
func (v Verdict) MarshalJSON() ([]byte, error) { return json.Marshal(v.String()) }

// UnmarshalJSON reads a name written by MarshalJSON; anything else is an error.
func (v *Verdict) UnmarshalJSON(data []byte) error {
	var name string
	if err := json.Unmarshal(data, &name); err != nil {
		return fmt.Errorf("read verdict from %s: %w", data, err)
	}
	parsed, err := Parse(name)
	*v = parsed
	return err
}
