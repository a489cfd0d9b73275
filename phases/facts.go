package phases

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/barq-platform/barqgate/harness/plan"
)

// Facts that only the steps themselves need; those that suites read are named in
// fixtures/barq.
const (
	factReplicas     = "from.replicas"       // how many replicas ran before
	factBackupWindow = "backup.window"       // contents right before and right after the backup
	factTaken        = "traffic.taken"       // "yes" once the new version may have taken traffic
	factStopped      = "traffic.stopped"     // "yes" while a restore has scaled the Deployment to 0
	factTag          = "release.tag"         // that marks what ran before
	factSnapshot     = "migrations.snapshot" // JSON, mssql.Snapshot from right before the migrations
	factUnsafe       = "migrations.unsafe"   // JSON list of applied migrations the old version cannot run on
)

// setJSON records a value as JSON.
func setJSON(sc *plan.StepContext, name string, value any) error {
	text, err := encode(value)
	if err != nil {
		return fmt.Errorf("record the fact %s: %w", name, err)
	}
	return sc.SetFact(name, text)
}

// encode writes a value as facts hold it.
func encode(value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode as JSON: %w", err)
	}
	return string(data), nil
}

// readJSON reads a value that an earlier step has recorded with setJSON.
func readJSON(sc *plan.StepContext, name string, into any) error {
	text, err := fact(sc, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read the fact %s of this run: %w", name, err)
	}
	return nil
}

// fact returns a value that an earlier step must have recorded.
func fact(sc *plan.StepContext, name string) (string, error) {
	if text := sc.Fact(name); text != "" {
		return text, nil
	}
	return "", fmt.Errorf("the run has not recorded %q; the step that finds it out has to come before", name)
}

// number reads a whole number recorded by an earlier step.
func number(sc *plan.StepContext, name string) (int64, error) {
	text, err := fact(sc, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the fact %s of this run: %w", name, err)
	}
	return n, nil
}
