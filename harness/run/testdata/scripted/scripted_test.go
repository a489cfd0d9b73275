// Package scripted is a suite that judges what the facts of the run tell it to,
// under the name that its evidence folder gives it.
package scripted

import (
	"flag"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "scripted", About: "Judges what it is told."})
}

func TestThing(t *testing.T) {
	name := filepath.Base(flag.Lookup("evidence").Value.String())[len("00-"):]
	facts, _ := suite.Deployment()
	c := suite.Criterion(t, name+".thing.holds", "The thing holds.")
	ctx, begun := suite.Companion(t)
	if flag.Lookup("companion").Value.String() != "" {
		begun()
		if _, err := os.Stat(facts.Values["die"]); err == nil || facts.Values["die"] == "early" {
			t.Fatal("died early")
		}
		<-ctx.Done()
	}
	switch facts.Values[name] {
	case "fail":
		c.Failf("the thing does not hold")
	case "flaky", "unreachable":
		seen := filepath.Join(filepath.Dir(flag.Lookup("evidence").Value.String()), "seen-"+name)
		if _, err := os.Stat(seen); err == nil {
			break // the second attempt
		}
		if err := os.WriteFile(seen, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if facts.Values[name] == "unreachable" {
			c.Unreachable("nobody answered")
		}
		c.Inconclusive("too little was seen at first")
	case "inconclusive":
		c.Inconclusive("too little was seen")
	case "error":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	case "skip":
		c.Skip("not here")
	}
	c.Observed(5, "things")
	c.Measured("thing-ms", 12.5)
	c.Evidence("thing.txt", []byte("held"))
}
