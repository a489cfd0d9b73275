package prove

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/gotest"
	"github.com/barq-platform/barqgate/harness/verdict"
	"github.com/goccy/go-yaml"
)

// mutant is one wrong state of the platform, or of what is expected of it, and
// the criterion that has to notice.
type mutant struct {
	Criterion string            `yaml:"criterion"`
	Faults    []string          `yaml:"faults"`
	Facts     map[string]string `yaml:"facts"`     // instead of those of a deployment without a defect
	Env       map[string]any    `yaml:"env"`       // changes to the environment, as in its file
	Says      string            `yaml:"says"`      // words that the failure must contain
	Expect    string            `yaml:"expect"`    // fail (the default) or inconclusive
	Also      []string          `yaml:"also"`      // criteria that do not pass for the same reason
	Sometimes []string          `yaml:"sometimes"` // criteria that do not pass for the same reason in some runs, by chance
}

// load reads the suite's mutants. A suite without a file has none.
func load(root, suite string) ([]mutant, error) {
	short := filepath.Join("testdata", "mutants", suite+".yaml")
	source, err := os.ReadFile(filepath.Join(root, short))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the mutants of suite %s: %w", suite, err)
	}
	var mutants []mutant
	if err := yaml.UnmarshalWithOptions(source, &mutants, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", short, yaml.FormatError(err, false, false))
	}
	for i, m := range mutants {
		if err := m.validate(suite); err != nil {
			return nil, fmt.Errorf("%s: entry %d (%s): %w", short, i+1, m.Criterion, err)
		}
	}
	return mutants, nil
}

// Criteria lists, sorted, the criteria of a suite that have a mutant: those that a
// gate can insist on, so that a criterion cannot disappear unnoticed.
func Criteria(root, suite string) ([]string, error) {
	mutants, err := load(root, suite)
	if err != nil {
		return nil, err
	}
	var criteria []string
	for _, m := range mutants {
		criteria = append(criteria, m.Criterion)
	}
	slices.Sort(criteria)
	return slices.Compact(criteria), nil
}

func (m mutant) validate(suite string) error {
	switch {
	case !strings.HasPrefix(m.Criterion, suite+"."):
		return fmt.Errorf("criterion %q does not belong to suite %s", m.Criterion, suite)
	case m.Says == "":
		return errors.New("says is missing: the words that the failure must contain")
	case len(m.Faults) == 0 && len(m.Facts) == 0 && len(m.Env) == 0:
		return errors.New("it changes nothing; expected faults, facts or env")
	case m.Expect != "" && m.Expect != verdict.Fail.String() && m.Expect != verdict.Inconclusive.String():
		return fmt.Errorf("expect is %q; expected fail or inconclusive", m.Expect)
	}
	return nil
}

// title says what is mutated, on one line.
func (m mutant) title() string {
	parts := slices.Clone(m.Faults)
	for _, name := range slices.Sorted(maps.Keys(m.Facts)) {
		parts = append(parts, "fact "+name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Env)) {
		parts = append(parts, "environment's "+name)
	}
	return strings.Join(parts, ", ")
}

func (m mutant) expected() verdict.Verdict {
	if m.Expect == verdict.Inconclusive.String() {
		return verdict.Inconclusive
	}
	return verdict.Fail
}

// missed says why the mutant was not caught as it should be, or "" if it was.
// base is the run without it.
func (m mutant) missed(base, result gotest.Result) string {
	if result.Verdict == verdict.Error {
		return "the suite broke down instead: " + result.Reason
	}
	record, ok := result.Criterion(m.Criterion)
	switch {
	case !ok:
		return "the criterion was not judged"
	case record.Skipped || record.Verdict != m.expected():
		return fmt.Sprintf("its verdict is %s; expected %s: %s", record.Verdict, m.expected(), record.Summary())
	case !strings.Contains(record.Reason+m.output(result), m.Says):
		return fmt.Sprintf("its reason does not contain %q: %s", m.Says, record.Reason)
	}
	for _, before := range base.Criteria {
		if before.Criterion == m.Criterion {
			continue
		}
		after, ok := result.Criterion(before.Criterion)
		also := slices.Contains(m.Also, before.Criterion)
		switch {
		case !ok:
			return fmt.Sprintf("%s, which has nothing to do with it, was not judged", before.Criterion)
		case also && after.Verdict.Passed():
			return before.Criterion + " passes, although `also` says that it must not: take it off the list"
		case !also && !slices.Contains(m.Sometimes, before.Criterion) && !after.Verdict.Passed():
			return fmt.Sprintf("%s, which has nothing to do with it, is %s as well: %s", before.Criterion, after.Verdict, after.Summary())
		}
	}
	return m.unknown(base)
}

// unknown reports names in the list of others that the suite does not have.
func (m mutant) unknown(base gotest.Result) string {
	for _, name := range slices.Concat(m.Also, m.Sometimes) {
		if _, ok := base.Criterion(name); !ok {
			return fmt.Sprintf("its list of others names %s, which suite %s does not judge", name, base.Suite)
		}
	}
	return ""
}

// undecided reports whether the trial may be made again: some criterion that
// should have passed or failed is inconclusive, and none is worse than that.
func (m mutant) undecided(result gotest.Result) bool {
	unexpected := []verdict.Verdict{}
	for _, record := range result.Criteria {
		expected := record.Criterion == m.Criterion && record.Verdict == m.expected() ||
			slices.Contains(m.Also, record.Criterion) || slices.Contains(m.Sometimes, record.Criterion)
		if !expected && !record.Skipped {
			unexpected = append(unexpected, record.Verdict)
		}
	}
	return result.Verdict != verdict.Error && len(unexpected) > 0 && verdict.Fold(unexpected...) == verdict.Inconclusive
}

// output returns what the criterion's test printed.
func (m mutant) output(result gotest.Result) string {
	for _, test := range result.Tests {
		if test.Criterion == m.Criterion {
			return "\n" + test.Output
		}
	}
	return ""
}
