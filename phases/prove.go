package phases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
	"github.com/barq-platform/barqgate/harness/verdict"
)

// Recover waits, after a fault was switched off, until nothing of it is left: the
// Deployment is complete, the platform is steadily ready, and no pod has
// restarted more often than the environment allows. Pods that have are replaced:
// their count would be held against whatever is tried next.
func Recover(ctx context.Context, env *environment.Environment) error {
	limit := env.Kubernetes.RolloutTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the platform has not recovered within %s", limit))
	defer cancel()
	cluster, err := kube.Connect(ctx, env.Kubernetes)
	if err != nil {
		return err
	}
	for {
		restarted, err := restartedPods(ctx, cluster, env.Kubernetes.MaxRestarts)
		if err == nil {
			err = cluster.ReplacePods(ctx, limit, restarted...)
		}
		if err == nil {
			err = afterFault.settle(ctx, env, func(string, ...any) {})
		}
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		if err != nil || len(restarted) == 0 {
			return err
		}
		// A last restart may have become known only while the others were replaced.
	}
}

func restartedPods(ctx context.Context, cluster *kube.Cluster, allowed int) ([]string, error) {
	pods, err := cluster.Pods(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range pods {
		if int(p.Restarts) > allowed {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

// performanceSuite alone needs a measured baseline, which takes as long as the
// suite itself.
const performanceSuite = "performance"

// databaseSuite alone needs a comparison of before and after the migrations.
const databaseSuite = "database"

// compareNoChange records what a deployment has seen that has changed nothing.
func compareNoChange(ctx context.Context, env *environment.Environment, facts map[string]string) error {
	return inDatabase(ctx, env.Database, env.Database.Name, func(db *mssql.DB) error {
		snapshot, err := db.Snapshot(ctx, env.Database.Critical, env.Database.Bookkeeping)
		if err != nil {
			return err
		}
		seen, err := db.Compare(ctx, snapshot)
		if err != nil {
			return err
		}
		facts[barq.FactMigrationWindow], err = encode(seen)
		return err
	})
}

// migrationSuite alone needs a rehearsal, for which a backup has to be restored.
const migrationSuite = "migration"

// rehearseNoChange records what the rehearsal of a release has shown that needs
// what is there already.
func rehearseNoChange(ctx context.Context, env *environment.Environment, root, tag string, facts map[string]string) (err error) {
	conf := env.Database
	var newest mssql.Backup
	err = onServer(ctx, conf, func(server *mssql.Server) error {
		newest, err = server.FindBackup(ctx, conf.Name, "")
		return err
	})
	if err != nil {
		return err
	}
	found, err := drill(ctx, conf, newest.Path, conf.ScratchName)
	if err != nil {
		return err
	}
	if facts[barq.FactMigrationsBefore], err = encode(found.Applied); err != nil {
		return err
	}
	evidence, err := os.MkdirTemp("", "barqgate-rehearsal-*")
	if err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	step := rehearseMigrations{scratch: conf.ScratchName, conf: conf.Migrations.Rehearsal}
	err = step.Run(ctx, &plan.StepContext{
		Env: env, Root: root, Run: "prove", From: tag, To: tag, Evidence: evidence,
		Fact:     func(name string) string { return facts[name] },
		SetFact:  func(name, value string) error { facts[name] = value; return nil },
		Progress: func(string, ...any) {},
		Created:  func(string, string) error { return nil },
		Removed:  func(string, string) error { return nil },
		RunSuite: func(_ context.Context, suite string, _ ...string) (verdict.Verdict, string) {
			return verdict.Error, "nothing is pending, so nobody runs suite " + suite
		},
	})
	return errors.Join(err, os.RemoveAll(evidence))
}

// FactsOfNoChange returns what a deployment would have recorded for the suite
// that put the running release in the place of the same one and lost nothing. It
// is read from the live platform; what the release needs comes from its catalogue.
func FactsOfNoChange(ctx context.Context, env *environment.Environment, root, suite string) (map[string]string, error) {
	cluster, err := kube.Connect(ctx, env.Kubernetes)
	if err != nil {
		return nil, err
	}
	running, err := cluster.Deployment(ctx)
	if err != nil {
		return nil, err
	}
	revision := strconv.FormatInt(running.Revision, 10)
	facts := map[string]string{
		barq.FactFromImage: running.Image, barq.FactToImage: running.Image,
		barq.FactFromRevision: revision, barq.FactToRevision: revision,
		barq.FactDeployStarted: time.Now().UTC().Format(time.RFC3339Nano),
	}
	expected, err := expectedMigrations(env, root, running.Tag())
	if err != nil {
		return nil, err
	}
	if facts[barq.FactMigrationsExpected], err = encode(expected); err != nil {
		return nil, err
	}
	if suite == preflightSuite {
		release, err := preflightFacts(ctx, env, root, running.Tag())
		if err != nil {
			return nil, err
		}
		maps.Copy(facts, release)
		return facts, nil
	}
	if suite == followupSuite {
		facts[barq.FactFollowup] = environment.After24h
		facts[barq.FactAttestations], err = encode(everythingDone(env, running.Tag(), time.Now()))
		return facts, err
	}
	logged, err := accountOfLogs(ctx, env, time.Time{})
	if err != nil {
		return nil, err
	}
	if facts[barq.FactBaselineLogs], err = encode(logged.Baseline()); err != nil {
		return nil, err
	}
	err = inDatabase(ctx, env.Database, env.Database.Name, func(db *mssql.DB) error {
		rows, err := db.RowCounts(ctx, env.Database.Critical)
		if err == nil {
			facts[barq.FactBaselineRows], err = encode(rows)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	switch suite {
	case databaseSuite:
		err = compareNoChange(ctx, env, facts)
	case frontendSuite:
		facts[barq.FactFrontendIndex], facts[barq.FactFrontendBefore], _, err = servedFrontend(ctx, env)
	case migrationSuite:
		err = rehearseNoChange(ctx, env, root, running.Tag(), facts)
	case performanceSuite:
		err = measureBaseline(ctx, env, facts)
	}
	return facts, err
}

// measureBaseline records how the running release does under load.
func measureBaseline(ctx context.Context, env *environment.Environment, facts map[string]string) error {
	baseline, err := measureFit(ctx, env, func(string, ...any) {})
	if err != nil {
		return err
	}
	maps.Copy(facts, baseline.BaselineFacts())
	return nil
}
