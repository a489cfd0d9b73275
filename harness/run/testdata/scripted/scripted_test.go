// Package scripted is a suite that judges what the facts of the run tell it to,
// under the name that its evidence folder gives it.
package scripted

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "scripted", About: "Judges what it is told."})
}

func TestThing(t *testing.T) {
	_, name, _ := strings.Cut(filepath.Base(flag.Lookup("evidence").Value.String()), "-") // behind its number
	facts, _ := suite.Deployment()
	c := suite.Criterion(t, name+".thing.holds", "The thing holds.")
	ctx, begun := suite.Companion(t)
	if flag.Lookup("companion").Value.String() != "" {
		if facts.Values["die"] == "never starts" {
			<-time.After(time.Hour)
		}
		begun()
		if _, err := os.Stat(facts.Values["die"]); err == nil || facts.Values["die"] == "early" {
			t.Fatal("died early")
		}
		<-ctx.Done()
		if facts.Values["die"] == "does not stop" {
			<-time.After(time.Hour)
		}
	}
	switch facts.Values[name] {
	case "fail":
		c.Failf("the thing does not hold")
	case "flaky", "unreachable":
		seen := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(flag.Lookup("evidence").Value.String()))), "seen-"+name)
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
	case "too little traffic":
		c.Needs(3000)
	case "no traffic":
		c.Observed(0, "requests sent")
		return
	case "only errors":
		for range 5 {
			_, err := os.Stat("/nowhere")
			t.Log(err) // nobody looks at it
		}
		return
	case "failed and said nothing":
		t.Fail()
		return
	case "evidence lost":
		c.Evidence("gone.txt", []byte("seen"))
		if err := os.RemoveAll(flag.Lookup("evidence").Value.String() + "/" + name + ".thing.holds"); err != nil {
			t.Fatal(err)
		}
		c.Observed(1, "things")
		return
	case "hang":
		<-time.After(time.Hour)
	}
	c.Observed(5, "things")
	c.Measured("thing-ms", 12.5)
	c.Evidence("thing.txt", []byte("held"))
}
