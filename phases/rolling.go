// Package phases is the BARQ runbook as data: the phases of a deployment, the
// steps of each, the suites that run beside and behind them, and what is undone
// when a gate does not open. Everything that knows what BARQ is and what order
// things are done in stands here.
//
// It must never decide what a failure means (harness/run does), it must never
// check what a suite checks, and a step must never leave a change behind that it
// has not declared.
package phases

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// ErrAlreadyRunning is wrapped by the error for a deployment that would change
// nothing: it must not end in "promoted".
var ErrAlreadyRunning = errors.New("nothing to change")

// ErrNotAllowed is wrapped by the error for a plan whose effects the environment
// does not allow.
var ErrNotAllowed = errors.New("not allowed")

// Deploy plans the rolling deployment of a release, as the runbook has it.
func Deploy(env *environment.Environment, root string, now Situation, to string) (*plan.Plan, error) {
	if err := deployable(env, now, to); err != nil {
		return nil, err
	}
	schema, err := schemaFor(env, root, to, now.Applied)
	if err != nil {
		return nil, err
	}
	folder, err := builtFrontend(env, root, to)
	if err != nil {
		return nil, err
	}
	success, err := successLists(root)
	if err != nil {
		return nil, err
	}
	return insist(root, &plan.Plan{
		Name:         fmt.Sprintf("deploy %s to %s", to, env.Name),
		Env:          env,
		From:         now.Running.Tag(),
		To:           to,
		Phases:       deployPhases(env, now, to, folder),
		RollbackGate: forFrontend(env, gateOf(rollback)),
		Checklists:   success,
		Notes:        deployNotes(env, now, schema),
		Confirm:      leftByDeploy{now: now, image: env.Image(to), database: env.Database}.confirm,
	})
}

// deployPhases are the phases of a deployment, in the runbook's order.
func deployPhases(env *environment.Environment, now Situation, to, folder string) []plan.Phase {
	saveFrontend, publishFrontend := frontendSteps(env, now, to, folder)
	k, d := env.Kubernetes, env.Database
	return []plan.Phase{
		{
			Name:  preflight,
			About: "go through the checklist: what is released, and is everybody and everything ready",
			Steps: []plan.Step{
				establishRelease{to: to},
				readAttestations{to: to},
				rehearseImage{image: env.Image(to)},
			},
			Gate: preflightGate(env),
		},
		{
			Name:  preDeployment,
			About: "save the present state, prove that it can be restored, and record what normal is",
			Steps: slices.Concat([]plan.Step{
				readRunning{deployment: k.Deployment, expected: now.Running},
				judgeMigrations{policy: d.Migrations.Unsafe},
				backUp{database: d.Name},
				proveBackup{scratch: d.ScratchName},
				rehearseMigrations{scratch: d.ScratchName, conf: d.Migrations.Rehearsal},
				tagRunning{running: now.Running.Tag()},
				exportConfiguration{configMap: k.ConfigMap, secret: k.Secret, policy: env.Export.Secrets},
				compareConfiguration{folder: env.Export.Manifests},
			}, saveFrontend, []plan.Step{
				recordBaseline{rate: env.Load.Rate, duration: env.Load.Duration},
				recordErrors{back: env.Logs.Baseline},
			}),
			Gate: withSkips(gateOf(preDeployment), notRehearsed(env)),
		},
		{
			Name:  database,
			About: "bring the schema to what the release needs while the old version runs on it",
			Steps: []plan.Step{
				listPending{},
				applyMigrations{database: d.Name, policy: env.Rollback.Database},
				listApplied{},
				checkIntegrity{database: d.Name},
				countRows{tables: d.Critical},
			},
			Gate: gateOf(database),
		},
		{
			Name:  application,
			About: "replace the pods one by one under live traffic",
			Steps: slices.Concat([]plan.Step{
				setImage{image: env.Image(to), from: now.Running, rollout: k.RolloutTimeout},
				watchRollout{deployment: k.Deployment, timeout: k.RolloutTimeout},
				waitReady{attempts: env.Health.Attempts, interval: env.Health.Interval},
				replacePod{timeout: k.RolloutTimeout},
				soak{lasts: env.Load.Soak},
			}, publishFrontend),
			Companions: []string{"continuity"},
			Gate:       forFrontend(env, gateOf(application)),
		},
		{
			Name:  verification,
			About: "judge the new version by what its users rely on",
			Gate:  gateOf(verification),
		},
	}
}

// deployable refuses what could not be deployed, or would change nothing.
func deployable(env *environment.Environment, now Situation, to string) error {
	if !env.Allows(environment.Deploy) {
		return fmt.Errorf("deploy to %s: %w: `allow` in testdata/envs/%s.yaml does not list %q", env.Name, ErrNotAllowed, env.Name, environment.Deploy)
	}
	switch {
	case to == "":
		return errors.New("no release named; say which with --to")
	case now.Unread != nil:
		return fmt.Errorf("deploy to %s: %w", env.Name, now.Unread)
	case now.Frontend.Unread != nil:
		return fmt.Errorf("deploy to %s: %w", env.Name, now.Frontend.Unread)
	case now.Running.Image == env.Image(to) && now.Running.Complete:
		return fmt.Errorf("%w: %s is running already, as revision %d; `barqgate check` verifies it", ErrAlreadyRunning, to, now.Running.Revision)
	case now.Running.Image == env.Image(to):
		return fmt.Errorf("%w: the image is %s already, as revision %d, but its rollout is not finished (%s); wait for it, or take it back with `barqgate rollback`", ErrAlreadyRunning, to, now.Running.Revision, now.Running.Status)
	case !now.Running.Complete:
		return fmt.Errorf("another rollout is not finished: %s (revision %d): %s; wait for it, or take it back with `barqgate rollback`", now.Running.Image, now.Running.Revision, now.Running.Status)
	}
	return nil
}

// deployNotes says what a person should know before agreeing to the plan.
func deployNotes(env *environment.Environment, now Situation, s schema) []string {
	notes := []string{fmt.Sprintf("Running now: %s, revision %d, %d replicas.", now.Running.Image, now.Running.Revision, now.Running.Replicas)}
	notes = append(notes, migrationNotes(env, s.Pending)...)
	for _, m := range s.Ahead {
		notes = append(notes, fmt.Sprintf("Migration %s is applied and not part of this release; it is safe for older versions and stays.", m.ID))
	}
	return append(notes, rollbackNotes(env, s)...)
}

// rollbackNotes says how far the deployment can be taken back, and by whom.
func rollbackNotes(env *environment.Environment, s schema) []string {
	var notes []string
	if env.Rollback.Application == environment.Manual {
		notes = append(notes, "The application is not rolled back by itself here (rollback.application: manual).")
	}
	if len(s.Pending) == 0 {
		return notes
	}
	if reason := restoreRefused(env); reason != "" {
		notes = append(notes, "The database is not restored by itself here: "+reason+".")
	} else {
		notes = append(notes, "Until the image is set, applied migrations are taken back by restoring the backup; what users wrote since the backup is lost then.")
	}
	if unsafe := s.unsafe(); len(unsafe) > 0 {
		return append(notes, fmt.Sprintf("Once the image is set, nothing is taken back by itself: the old version cannot run on %s, and a restore would lose what users wrote.", strings.Join(unsafe, ", ")))
	}
	return append(notes, "Once the image is set, only the application is rolled back; its migrations stay, because the old version can run on them and a restore would lose what users wrote.")
}

// restoreRefused says why the database may not be restored without a person, or "".
func restoreRefused(env *environment.Environment) string {
	switch {
	case env.Rollback.Database != environment.Automatic:
		return "rollback.database is " + string(env.Rollback.Database)
	case !env.Allows(environment.RestoreDatabase):
		return fmt.Sprintf("`allow` does not list %q", environment.RestoreDatabase)
	}
	return ""
}
