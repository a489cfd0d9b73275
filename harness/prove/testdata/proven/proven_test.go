// Package proven is a suite whose platform is nothing but a list of faults.
package proven

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "proven", About: "Looks at faults."})
}

func faults(t *testing.T) string {
	response, err := http.Get(suite.Env().API.FaultsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFirst(t *testing.T) {
	c := suite.Criterion(t, "proven.first.holds", "The first thing holds.")
	c.Require(!strings.Contains(faults(t), "first"), "the first fault is on")
	c.Require(suite.Env().Kubernetes.Replicas == 4, "there are 4 replicas, expected %d", suite.Env().Kubernetes.Replicas)
	c.Observed(1, "faults")
}

func TestSecond(t *testing.T) {
	c := suite.Criterion(t, "proven.second.holds", "The second thing holds.")
	if strings.Contains(faults(t), "murky") {
		c.Inconclusive("nothing can be seen")
	}
	c.Require(!strings.Contains(faults(t), "both"), "the fault for both is on")
	c.Observed(1, "faults")
}

func TestThird(t *testing.T) {
	c := suite.Criterion(t, "proven.third.holds", "The count is kept.")
	c.Require(c.Fact("count") == "1", "the count is 1, expected %s", c.Fact("count"))
	c.Observed(1, "counts")
}
