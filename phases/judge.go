package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// ErrUnsafe is wrapped by the error for a migration that the running version
// cannot live with, where the environment refuses it.
var ErrUnsafe = errors.New("it is not rolling-safe")

// judgeMigrations ends a deployment before anything is changed, if a pending
// migration would break the version that runs while pods are replaced one by one.
type judgeMigrations struct{ policy environment.UnsafePolicy }

func (judgeMigrations) Name() string {
	return "Judge from its SQL whether the old version can run beside each pending migration"
}

func (judgeMigrations) Effect() plan.Effect { return plan.ReadOnly }

func (s judgeMigrations) Run(ctx context.Context, sc *plan.StepContext) error {
	applied, needs, err := compareSchema(ctx, sc)
	if err != nil {
		return err
	}
	if err := recordSchema(sc, applied, needs); err != nil { // for suites/migration, before anything is applied
		return err
	}
	data, err := json.MarshalIndent(judgements(needs.Pending), "", "  ")
	if err != nil {
		return fmt.Errorf("keep the judgement: %w", err)
	}
	if err := store(sc, "judgement.json", append(data, '\n')); err != nil {
		return err
	}
	var unsafe []error
	for _, m := range needs.Pending {
		sc.Progress("%s: rolling-safe: %t (%s)", m.ID, m.RollingSafe(), m.Reason())
		for _, f := range m.Judgement.Blocking() {
			sc.Progress("%s: %s", m.ID, f)
		}
		if !m.RollingSafe() {
			unsafe = append(unsafe, fmt.Errorf("migration %s: %w: %s", m.ID, ErrUnsafe, m.Reason()))
		}
	}
	if len(unsafe) == 0 {
		return nil
	}
	if s.policy == environment.Accept {
		sc.Progress("going on, because database.migrations.unsafe is %s", environment.Accept)
		return nil
	}
	return fmt.Errorf("nothing was changed: %w; split it into one release that adds and a later one that removes, or deploy with downtime where database.migrations.unsafe is %q", errors.Join(unsafe...), environment.Accept)
}

// judgement is the judgement on one migration as it is kept.
type judgement struct {
	ID           string   `json:"id"`
	SHA256       string   `json:"sha256"`
	RollingSafe  bool     `json:"rollingSafe"`
	Reason       string   `json:"reason"`
	NewRunsOnOld bool     `json:"newRunsOnOld"`
	Findings     []string `json:"findings"`
}

func judgements(pending []mssql.Migration) []judgement {
	all := []judgement{}
	for _, m := range pending {
		j := judgement{ID: m.ID, SHA256: m.SHA256, RollingSafe: m.RollingSafe(), Reason: m.Reason(), NewRunsOnOld: m.Judgement.NewRunsOnOld()}
		for _, f := range m.Judgement.Findings {
			j.Findings = append(j.Findings, f.String())
		}
		all = append(all, j)
	}
	return all
}

// migrationNotes says what was judged of each pending migration, and what that
// means for the deployment.
func migrationNotes(env *environment.Environment, pending []mssql.Migration) []string {
	if len(pending) == 0 {
		return []string{"No migration is pending."}
	}
	var notes, unsafe, needed []string
	for _, m := range pending {
		safe := "the old version can run on it"
		if !m.RollingSafe() {
			safe = "the old version CANNOT run on it"
			unsafe = append(unsafe, m.ID)
		}
		notes = append(notes, fmt.Sprintf("Pending migration %s %s; %s: %s.", m.ID, m.About, safe, m.Reason()))
		for _, f := range m.Judgement.Blocking() {
			notes = append(notes, fmt.Sprintf("Migration %s, %s.", m.ID, f.String()))
		}
		if !m.Judgement.NewRunsOnOld() {
			needed = append(needed, m.ID)
		}
	}
	if len(needed) > 0 {
		notes = append(notes, fmt.Sprintf("The new version cannot run without %s: the application goes back before the database does.", strings.Join(needed, ", ")))
	}
	if len(unsafe) > 0 && env.Database.Migrations.Unsafe == environment.Refuse {
		notes = append(notes, fmt.Sprintf("This deployment WILL STOP at its first steps, before anything is changed: %s is not rolling-safe (database.migrations.unsafe: refuse).", strings.Join(unsafe, ", ")))
	}
	if env.Database.Migrations.Rehearsal.Mode == environment.NoRehearsal {
		notes = append(notes, "Migrations are not rehearsed here (database.migrations.rehearsal.mode: none): nobody knows how long they take and whom they block.")
	}
	return notes
}
