// Package preflight_test goes through the runbook's checklist from before a
// deployment: the quality of what is released, the readiness of what it is deployed
// to, and what people have to have done.
package preflight_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/fixtures/monitoring"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/fixtures/vcs"
	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:  "preflight",
		About: "The release is reviewed, tested and scanned, and everybody and everything is ready for its deployment.",
	})
}

// release is the tag of what is deployed. A proof deploys what is running, and says
// so by the image.
func release() string {
	facts, _ := suite.Deployment()
	if facts.To != "" {
		return facts.To
	}
	return kube.Deployment{Image: facts.Values[barq.FactToImage]}.Tag()
}

func repository(t *testing.T, c *suite.Check) *vcs.Repository {
	t.Helper()
	repo, err := vcs.Open(suite.Root(t), suite.Env().Source)
	c.Require(err == nil, "%v", err)
	return repo
}

func hub(c *suite.Check) *vcs.GitHub {
	client, err := vcs.NewGitHub(suite.Env().Source)
	c.Require(err == nil, "%v", err)
	return client
}

func TestBackupIsFresh(t *testing.T) {
	c := suite.Criterion(t, "preflight.backup.fresh", "The server's own history has a full backup of the database that is young enough.")
	c.WouldCatch("backups that have stopped, before this deployment makes its own")
	conf := suite.Env().Database
	server, err := mssql.OpenServer(t.Context(), conf)
	c.Require(err == nil, "%v", err)
	defer func() { require.NoError(t, server.Close()) }()
	age, found, err := server.LastBackup(t.Context(), conf.Name)
	c.Require(err == nil, "%v", err)
	c.Require(found, "the server has no record of a full backup of %s", conf.Name)
	c.Require(age <= conf.Backups.MaxAge, "the newest full backup of %s is %s old; expected at most %s", conf.Name, age, conf.Backups.MaxAge)
	c.Observed(1, "backups")
	c.Measured("age-ms", age.Milliseconds())
}

func TestMonitoringAnswers(t *testing.T) {
	c := suite.Criterion(t, "preflight.monitoring.answering", "Every system that watches the platform answers.")
	c.WouldCatch("one dashboard or alert manager that is down, or asks for a login")
	systems, err := monitoring.Of(suite.Env())
	c.Require(err == nil, "%v", err)
	c.Needs(len(systems))
	for _, system := range systems {
		err := system.Alive(t.Context())
		c.Require(err == nil, "%v", err)
		c.Observed(1, "systems answered")
	}
}

// stated decodes what the deployment has recorded of people's statements.
func stated(c *suite.Check, fact string) []attestation.Attestation {
	var about []attestation.Attestation
	err := json.Unmarshal([]byte(fact), &about)
	c.Require(err == nil, "read the recorded attestations: %v", err)
	return about
}

// requireStated judges one statement. One that is missing is inconclusive: nobody
// has said that it is not so.
func requireStated(c *suite.Check, about []attestation.Attestation, id, sentence string) {
	conf := suite.Env().Preflight.Attestations
	found, err := attestation.Check(about, id, sentence, conf.Age, time.Now())
	if err != nil && found.ID == "" {
		c.Inconclusive("%v; type: barqgate attest -env=%s --to=%s %s", err, suite.Env().Name, release(), id)
	}
	c.Require(err == nil, "%v; type: barqgate attest -env=%s --to=%s %s", err, suite.Env().Name, release(), id)
	c.Observed(1, "statements")
}

// teamTold is the statement that the team was notified.
const teamTold = "team-told"

func TestTeamIsTold(t *testing.T) {
	c := suite.Criterion(t, "preflight.team.told", "Somebody has stated, for this release and not long ago, that the team was told.")
	c.WouldCatch("a deployment that nobody was told of, or only of an earlier one")
	about := stated(c, c.Fact(barq.FactAttestations))
	sentence := suite.Env().Preflight.Attestations.Required[teamTold]
	c.Require(sentence != "", "preflight.attestations.required of environment %s has no %q", suite.Env().Name, teamTold)
	requireStated(c, about, teamTold, sentence)
	c.EvidenceJSON("attestations.json", about)
}

func TestEverythingElseIsAttested(t *testing.T) {
	c := suite.Criterion(t, "preflight.attestations.given", "Whatever else the environment wants to be stated was stated, for this release and not long ago.")
	c.WouldCatch("one statement that is missing, was made for another release, or has expired")
	about := stated(c, c.Fact(barq.FactAttestations))
	required := suite.Env().Preflight.Attestations.Required
	c.Needs(len(required) - 1)
	for _, id := range slices.Sorted(maps.Keys(required)) {
		if id != teamTold {
			requireStated(c, about, id, required[id])
		}
	}
}

// runbookContact matches a line of the runbook's emergency contacts.
var runbookContact = regexp.MustCompile(`(?m)^- \*\*(.+)\*\*: \+1-XXX`)

func TestContactsAreComplete(t *testing.T) {
	c := suite.Criterion(t, "preflight.contacts.complete", "Every role of the runbook's emergency contacts can be reached.")
	c.WouldCatch("one role without a number, or with the runbook's blank one")
	text, err := os.ReadFile(filepath.Join(suite.Root(t), "testdata", "runbook.md"))
	c.Require(err == nil, "%v", err)
	contacts := slices.Concat(suite.Env().Contacts.Team, suite.Env().Contacts.Escalation)
	roles := runbookContact.FindAllStringSubmatch(string(text), -1)
	c.Needs(len(roles))
	for _, role := range roles {
		i := slices.IndexFunc(contacts, func(contact environment.Contact) bool { return contact.Role == role[1] })
		c.Require(i >= 0, "contacts of environment %s have no %s", suite.Env().Name, role[1])
		c.Require(!strings.Contains(contacts[i].Reach, "XXX"), "%s cannot be reached: contacts say %q", role[1], contacts[i].Reach)
		c.Observed(1, "roles")
	}
}

// ago is for people.
func ago(when time.Time) string {
	return fmt.Sprintf("%s (%s ago)", when.UTC().Format(time.RFC3339), time.Since(when).Round(time.Second))
}
