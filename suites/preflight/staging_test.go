package preflight_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/journal/history"
	"github.com/barq-platform/barqgate/harness/suite"
)

// Phases in which an earlier run has brought an older release back, by name.
const (
	rollbackOfARun = "rollback"             // a deployment took itself back
	rollbackByHand = "application rollback" // `barqgate rollback`
)

// stagingRuns reads the runs of staging, newest first. Journals that cannot be used
// are told, and count for nothing.
func stagingRuns(t *testing.T, c *suite.Check) (runs []history.Run, unusable int) {
	t.Helper()
	if suite.Env().Preflight.Staging == environment.FirstStage {
		c.Skip("environment %s is the first stage: a release passes no other one before", suite.Env().Name)
	}
	for _, folder := range suite.Env().Preflight.Runs {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(suite.Root(t), folder)
		}
		found, problems := history.List(folder)
		for _, problem := range problems {
			t.Log(problem)
		}
		unusable += len(problems)
		for _, run := range found {
			if run.Environment == suite.Env().Preflight.Staging {
				runs = append(runs, run)
			}
		}
	}
	c.Require(len(runs) > 0, "no run of environment %s in %s (%d journals cannot be used)", suite.Env().Preflight.Staging, strings.Join(suite.Env().Preflight.Runs, ", "), unusable)
	return runs, unusable
}

// passed finds the newest run in which staging was promoted to exactly this image
// of this commit.
func passed(t *testing.T, c *suite.Check, digest, commit string) history.Run {
	t.Helper()
	runs, unusable := stagingRuns(t, c)
	others := 0
	for _, run := range runs {
		if run.To != release() || !run.Ended() {
			continue
		}
		if run.Facts[barq.FactReleaseDigest] != digest || run.Facts[barq.FactReleaseCommit] != commit {
			others++
			continue
		}
		c.Require(run.Exit == 0, "the newest run of this image on staging (%s) ended with exit code %d", run.ID, run.Exit)
		limit := suite.Env().Preflight.StagingAge
		c.Require(time.Since(run.Finished) <= limit, "the newest run of this image on staging (%s) ended at %s; expected at most %s ago", run.ID, ago(run.Finished), limit)
		return run
	}
	c.Require(false, "staging has no finished run of %s with image %.19s of commit %.12s (%d runs with others, %d journals that cannot be used); deploy it there first", release(), digest, commit, others, unusable)
	return history.Run{}
}

// suitesPassed requires that suites have passed in the run.
func suitesPassed(c *suite.Check, run history.Run, suites []string) {
	for _, name := range suites {
		judged, found := history.Last(run.Suites, name)
		c.Require(found, "the run %s of staging has not run suite %s", run.ID, name)
		c.Require(judged.Verdict.Passed(), "suite %s of the run %s of staging is %s: %s", name, run.ID, judged.Verdict, judged.Reason)
		c.Observed(1, "suites passed on staging")
	}
	c.EvidenceJSON("run.json", run)
}

func TestStagingIsValidated(t *testing.T) {
	c := suite.Criterion(t, "preflight.staging.validated", "Staging was promoted to exactly this image of this commit, not long ago.")
	c.WouldCatch("a release that staging has never had, in another build, or too long ago")
	run := passed(t, c, c.Fact(barq.FactReleaseDigest), c.Fact(barq.FactReleaseCommit))
	c.Observed(1, "runs of staging")
	c.Measured("age-ms", time.Since(run.Finished).Milliseconds())
	c.EvidenceJSON("run.json", run)
}

func TestPerformanceWasTested(t *testing.T) {
	c := suite.Criterion(t, "preflight.performance.passed", "The performance suites passed on staging, in the run of this image.")
	c.WouldCatch("a run of staging without its performance tests, or with failed ones")
	run := passed(t, c, c.Fact(barq.FactReleaseDigest), c.Fact(barq.FactReleaseCommit))
	suitesPassed(c, run, suite.Env().Preflight.PerformanceSuites)
}

func TestMigrationsWereTested(t *testing.T) {
	c := suite.Criterion(t, "preflight.migrations.tested", "The database suites passed on staging, in the run of this image.")
	c.WouldCatch("migrations that were never applied before, or did not hold there")
	run := passed(t, c, c.Fact(barq.FactReleaseDigest), c.Fact(barq.FactReleaseCommit))
	suitesPassed(c, run, suite.Env().Preflight.MigrationSuites)
}

func TestRollbackIsRehearsed(t *testing.T) {
	c := suite.Criterion(t, "preflight.rollback.rehearsed", "On staging, this image was taken back and what ran before has passed its gate, not long ago.")
	c.WouldCatch("a way back that was never gone, or that did not lead back")
	digest := c.Fact(barq.FactReleaseDigest)
	runs, _ := stagingRuns(t, c)
	limit := suite.Env().Preflight.RehearsalAge
	for _, run := range runs {
		gate, found := history.Last(run.Gates, rollbackByHand)
		if !found || run.From != release() {
			gate, found = history.Last(run.Gates, rollbackOfARun)
			found = found && run.To == release()
		}
		if !found || run.Facts[barq.FactReleaseDigest] != "" && run.Facts[barq.FactReleaseDigest] != digest {
			continue
		}
		c.Require(gate.Verdict.Passed(), "the last rollback from %s on staging (%s) is %s: %s", release(), run.ID, gate.Verdict, gate.Reason)
		c.Require(time.Since(gate.When) <= limit, "the last rollback from %s on staging (%s) was at %s; expected at most %s ago", release(), run.ID, ago(gate.When), limit)
		c.Observed(1, "rollbacks on staging")
		c.EvidenceJSON("run.json", run)
		return
	}
	c.Require(false, "nobody has taken %s back on staging; type: barqgate rollback -env=%s", release(), suite.Env().Preflight.Staging)
}
