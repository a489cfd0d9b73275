package phases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// rehearseMigrations applies the pending migrations to the restored copy, sees how
// long they take and whom they block, and has the old version's suites run there.
// It measures; suites/migration judges. The copy is removed in any case.
type rehearseMigrations struct {
	scratch string
	conf    environment.Rehearsal
}

func (s rehearseMigrations) Name() string {
	if s.conf.Mode == environment.NoRehearsal {
		return "Remove scratch database " + s.scratch + ": migrations are not rehearsed here"
	}
	return "Rehearse the pending migrations on scratch database " + s.scratch
}

// Effect is Idempotent: all of it happens to the copy.
func (rehearseMigrations) Effect() plan.Effect { return plan.Idempotent }

// Suites implements plan.SuiteRunner.
func (s rehearseMigrations) Suites() []string {
	if s.conf.Mode == environment.NoRehearsal {
		return nil
	}
	return s.conf.Suites
}

func (rehearseMigrations) Timeout() time.Duration { return databaseTimeout }

func (s rehearseMigrations) Run(ctx context.Context, sc *plan.StepContext) (err error) {
	defer func() { err = errors.Join(err, dropScratch(ctx, sc, s.scratch)) }()
	_, needs, err := compareSchema(ctx, sc)
	if err != nil || s.conf.Mode == environment.NoRehearsal {
		return err
	}
	var seen mssql.Rehearsal
	err = inDatabase(ctx, sc.Env.Database, s.scratch, func(db *mssql.DB) (err error) {
		seen, err = db.Rehearse(ctx, sc.Env.Database, sc.Root, needs.Pending, sc.Progress)
		return err
	})
	if err != nil {
		return err
	}
	if err := onServer(ctx, sc.Env.Database, func(server *mssql.Server) error { return server.CheckDB(ctx, s.scratch) }); err != nil {
		return fmt.Errorf("the copy is damaged after the migrations: %w", err)
	}
	sc.Progress("%d migrations in %s; a reader waited up to %s, a writer up to %s", len(seen.Migrations), seen.Duration.Round(time.Millisecond), seen.Probes.LongestRead.Round(time.Millisecond), seen.Probes.LongestWrite.Round(time.Millisecond))
	if len(seen.Migrations) > 0 && len(s.conf.Suites) > 0 {
		if seen.Suites, err = s.oldVersion(ctx, sc); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(seen, "", "  ")
	return errors.Join(err, store(sc, "rehearsal.json", append(data, '\n')), setJSON(sc, barq.FactRehearsal, seen))
}

// objectPod is how a run's ledger of created objects calls a pod.
const objectPod = "pod"

// passed is what stands for a suite that passed.
const passed = "pass"

// oldVersion starts the version that runs now beside the platform, on the migrated
// copy, and runs its suites there: what they meet is what users meet between the
// migration and the new version.
func (s rehearseMigrations) oldVersion(ctx context.Context, sc *plan.StepContext) (verdicts map[string]string, err error) {
	cluster, err := kube.Connect(ctx, sc.Env.Kubernetes)
	if err != nil {
		return nil, err
	}
	const name = "barqgate-rehearsal"
	if err := sc.Created(objectPod, name); err != nil {
		return nil, err
	}
	sc.Progress("starting %s on the migrated copy, in pod %s", sc.From, name)
	pod, err := cluster.StartBeside(ctx, kube.Beside{
		Name: name, Image: sc.Fact(barq.FactFromImage), Variable: sc.Env.Database.Migrations.ConnectionVariable,
		Change: func(text string) (string, error) { return mssql.ChangeDatabase(text, s.scratch) },
	})
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		removed := cluster.RemoveBeside(cleanup, name)
		if removed == nil {
			removed = sc.Removed(objectPod, name)
		}
		err = errors.Join(err, removed)
	}()
	if err != nil {
		return nil, fmt.Errorf("the old version does not start on the migrated copy: %w", err)
	}
	forward, err := cluster.ForwardPod(ctx, pod.Name, pod.Port)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, forward.Close()) }()
	return s.runSuites(ctx, sc, "http://"+forward.Address)
}

func (s rehearseMigrations) runSuites(ctx context.Context, sc *plan.StepContext, api string) (map[string]string, error) {
	overrides, err := environment.Override(map[string]any{
		"api":      map[string]any{"url": api},
		"database": map[string]any{"name": s.scratch, "scratchName": s.scratch + "_Unused"}, // the suites here restore nothing
	})
	if err != nil {
		return nil, err
	}
	verdicts := map[string]string{}
	for _, suite := range s.conf.Suites {
		sc.Progress("running suite %s against the old version on the migrated copy", suite)
		judged, reason := sc.RunSuite(ctx, suite, overrides)
		verdicts[suite] = passed
		if !judged.Passed() {
			verdicts[suite] = strings.TrimSpace(judged.String() + ": " + reason)
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("run suite %s on the migrated copy: %w", suite, err)
		}
	}
	return verdicts, nil
}
