package suite

import (
	"encoding/json"
	"fmt"
	"os"
)

// Facts is what a deployment tells the suites it runs: which releases it moves
// between, and what its steps found out. The names of the values belong to the
// steps that set them (package fixtures/barq lists them).
type Facts struct {
	Run    string            `json:"run"`
	From   string            `json:"from"` // release tag before
	To     string            `json:"to"`   // release tag after
	Values map[string]string `json:"values"`
}

// ReadFacts reads a file written by Facts.Write.
func ReadFacts(path string) (Facts, error) {
	var facts Facts
	data, err := os.ReadFile(path)
	if err != nil {
		return facts, fmt.Errorf("read the facts of the run: %w", err)
	}
	if err := json.Unmarshal(data, &facts); err != nil {
		return facts, fmt.Errorf("read the facts of the run from %s: %w", path, err)
	}
	if facts.Run == "" {
		return facts, fmt.Errorf("the facts file %s names no run; expected a file written by barqgate", path)
	}
	return facts, nil
}

// Write stores the facts for ReadFacts.
func (f Facts) Write(path string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write the facts of the run: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the facts of the run: %w", err)
	}
	return nil
}

// Deployment returns the facts of the deployment that runs this suite, and
// whether there is one: a suite run by hand has none.
func Deployment() (Facts, bool) { return current.facts, current.hasFacts }

// Fact returns a value that a step of the deployment has set. Without a
// deployment the criterion is skipped with that reason; in a deployment that
// lacks the value it is inconclusive.
func (c *Check) Fact(name string) string {
	c.t.Helper()
	if !current.hasFacts {
		c.Skip("no deployment runs this suite, so there is no %q to compare with", name)
	}
	value := current.facts.Values[name]
	if value == "" {
		c.Inconclusive("the deployment has recorded no %q", name)
	}
	return value
}
