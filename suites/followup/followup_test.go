// Package followup_test keeps the runbook's lists of T+2 hours and T+24 hours open
// until people have stated that what stands in them was done.
package followup_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/attestation"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:  "followup",
		About: "What people have to do after a deployment was done, and somebody stands for it.",
	})
}

func TestChecklistIsAttested(t *testing.T) {
	c := suite.Criterion(t, "followup.checklist.attested", "Somebody has stated of each item of the follow-up's checklist that it was done.")
	c.WouldCatch("one item that nobody has stated, or only for another release, or too long ago")
	env := suite.Env()
	at := c.Fact(barq.FactFollowup)
	list := env.Followup.Checklist(at)
	c.Require(list != nil, "the fact %s is %q, for which environment %s has no checklist", barq.FactFollowup, at, env.Name)
	var about []attestation.Attestation
	err := json.Unmarshal([]byte(c.Fact(barq.FactAttestations)), &about)
	c.Require(err == nil, "read the recorded attestations: %v", err)
	c.EvidenceJSON("attestations.json", about)
	c.Needs(len(list))
	for _, id := range slices.Sorted(maps.Keys(list)) {
		found, err := attestation.Check(about, id, list[id], env.Followup.Age, time.Now())
		if err != nil && found.ID == "" {
			c.Inconclusive("%v; when it is done, type: barqgate attest -env=%s --to=<release> %s", err, env.Name, id)
		}
		c.Require(err == nil, "%v; type: barqgate attest -env=%s --to=<release> %s", err, env.Name, id)
		c.Observed(1, "items were attested")
	}
}
