package preflight_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/registry"
	"github.com/barq-platform/barqgate/fixtures/vcs"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestChecksHavePassed(t *testing.T) {
	c := suite.Criterion(t, "preflight.tests.passed", "The check runs that the environment names have succeeded for exactly this commit, and no other one has failed.")
	c.WouldCatch("one failed check run, or a required one that was skipped or never ran")
	commit := c.Fact(barq.FactReleaseCommit)
	runs, err := hub(c).CheckRuns(t.Context(), commit)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("check-runs.json", runs)
	conclusions := map[string]string{}
	for _, run := range runs {
		if run.Status == "completed" {
			conclusions[run.Name] = run.Conclusion
		}
		required := slices.Contains(suite.Env().Source.Checks, run.Name)
		passed := run.Conclusion == "success" || !required && slices.Contains([]string{"neutral", "skipped"}, run.Conclusion)
		c.Require(run.Status != "completed" || passed, "check %q of commit %.12s ended with %q: %s", run.Name, commit, run.Conclusion, run.URL)
	}
	for _, name := range suite.Env().Source.Checks {
		if conclusions[name] == "" {
			c.Inconclusive("check %q has no completed run for commit %.12s; wait for it, or start it", name, commit)
		}
	}
	c.Observed(len(runs), "check runs")
}

func TestChangesAreReviewed(t *testing.T) {
	c := suite.Criterion(t, "preflight.review.approved", "Every commit of the release came about by a merged pull request whose last state others have approved.")
	c.WouldCatch("one commit without a review, or changed after it")
	commit, base := c.Fact(barq.FactReleaseCommit), c.Fact(barq.FactReleaseBase)
	commits, err := repository(t, c).Range(base, commit)
	c.Require(err == nil, "%v", err)
	client, needed := hub(c), suite.Env().Source.Approvals
	all := map[string][]vcs.Change{}
	for _, made := range commits {
		changes, err := client.Changes(t.Context(), made.ID)
		c.Require(err == nil, "%v", err)
		all[made.ID] = changes
		c.Require(slices.ContainsFunc(changes, func(change vcs.Change) bool { return change.Merged }), "commit %.12s (%s) came about without a merged pull request", made.ID, made.Subject)
		for _, change := range changes {
			if !change.Merged {
				continue
			}
			c.Require(len(change.Objectors) == 0, "%s ask for changes in #%d, by which commit %.12s came about", strings.Join(change.Objectors, ", "), change.Number, made.ID)
			c.Require(len(change.Approvers) >= needed, "pull request #%d, by which commit %.12s came about, has %d approvals of what was merged; expected %d (of an earlier state: %d)", change.Number, made.ID, len(change.Approvers), needed, len(change.Stale))
		}
		c.Observed(1, "commits reviewed")
	}
	c.EvidenceJSON("changes.json", all)
}

func TestCodeScanningIsClean(t *testing.T) {
	c := suite.Criterion(t, "preflight.code-scanning.clean", "The code scanning tools have looked at exactly this commit, and none has an open alert on its branch.")
	c.WouldCatch("one open alert of any tool, or a tool that has not looked at the commit")
	commit, deployment := c.Fact(barq.FactReleaseCommit), release()
	branch, client := suite.Env().Source.BranchOf(deployment), hub(c)
	alerts, err := client.OpenAlerts(t.Context(), branch)
	c.Require(err == nil, "%v", err)
	analyses, err := client.Analyses(t.Context(), branch, commit)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("code-scanning.json", map[string]any{"alerts": alerts, "analyses": analyses})
	for _, alert := range alerts {
		c.Require(false, "%d open alerts on branch %s; the first one: %s %s in %s (%s)", len(alerts), branch, alert.Tool, alert.Rule, alert.Path, alert.URL)
	}
	for _, tool := range suite.Env().Source.Scanners {
		looked := slices.ContainsFunc(analyses, func(a vcs.Analysis) bool { return a.Tool == tool && a.Error == "" })
		if !looked {
			c.Inconclusive("%s has not looked at commit %.12s on branch %s", tool, commit, branch)
		}
	}
	c.Observed(len(analyses), "analyses of the commit")
}

func TestNoSecretWasCommitted(t *testing.T) {
	c := suite.Criterion(t, "preflight.secrets.none-in-range", "No commit of the release adds a secret, by the rules of Gitleaks.")
	c.WouldCatch("one secret of a known kind in one commit, even if a later one takes it out again")
	commit, base := c.Fact(barq.FactReleaseCommit), c.Fact(barq.FactReleaseBase)
	scan, err := repository(t, c).ScanSecrets(t.Context(), suite.Root(t), base, commit)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("secrets.json", scan)
	for _, leak := range scan.Leaks {
		c.Require(false, "%d secrets in the commits of the release; the first one: %s in %s of commit %.12s; revoke it, since the history keeps it", len(scan.Leaks), leak.Rule, leak.File, leak.Commit)
	}
	c.Observed(scan.Commits, "commits scanned")
	c.Measured("bytes", scan.Bytes)
}

func TestImageIsTheOne(t *testing.T) {
	c := suite.Criterion(t, "preflight.image.unchanged", "The registry has the image of the release, and its tag still stands for the same one.")
	c.WouldCatch("an image that was never pushed, or was pushed again under the same tag")
	digest := c.Fact(barq.FactReleaseDigest)
	now, err := registry.Digest(t.Context(), suite.Env().Preflight.Registry, suite.Env().Image(release()))
	c.Require(err == nil, "%v", err)
	c.Require(now == digest, "the tag %s stands for %s now; it was %s when the deployment began", release(), now, digest)
	c.Observed(1, "images looked up")
}
