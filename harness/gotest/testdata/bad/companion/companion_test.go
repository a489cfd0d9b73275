// Package companion is a suite that runs beside steps and misbehaves as the
// variable BAD says.
package companion

import (
	"os"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "companion", About: "Watches while something else happens."})
}

func TestWatch(t *testing.T) {
	c := suite.Criterion(t, "companion.watch.holds", "It holds the whole time.")
	bad := os.Getenv("BAD")
	if bad == "never starts" {
		<-time.After(time.Hour)
	}
	c.Require(bad != "dies before it starts", "no connection")
	ctx, begun := suite.Companion(t)
	begun()
	c.Require(bad != "dies early", "lost the connection")
	if bad != "ends early" {
		<-ctx.Done()
	}
	if bad == "does not stop" {
		<-time.After(time.Hour)
	}
	c.Observed(1, "observations")
}
