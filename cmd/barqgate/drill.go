package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/run"
)

// drillVariable holds what a test of barqgate itself does to its process, as a
// list with commas:
//
//	before:12  it dies (SIGKILL) right before record 12 is written
//	after:12   it dies right behind it
//	clock:-1h  the journal's clock is moved
//
// Only an environment that allows inject-fault accepts it.
const drillVariable = "BARQGATE_DRILL"

// drill is what the variable asks for.
type drill struct {
	die   run.Moment // zero: nothing
	clock time.Duration
}

// readDrill reads the variable, and refuses it where a release is at stake.
func readDrill(env *environment.Environment) (drill, error) {
	text := os.Getenv(drillVariable)
	if text == "" {
		return drill{}, nil
	}
	if !env.Allows(environment.InjectFault) {
		return drill{}, usage("%s is set, but environment %s does not allow %q; unset it", drillVariable, env.Name, environment.InjectFault)
	}
	return parseDrill(text)
}

func parseDrill(text string) (drill, error) {
	var d drill
	for part := range strings.SplitSeq(text, ",") {
		what, value, _ := strings.Cut(part, ":")
		var err error
		switch what {
		case "before", "after":
			d.die.Written = what == "after"
			d.die.Record, err = strconv.Atoi(value)
			if err == nil && d.die.Record < 1 {
				err = fmt.Errorf("records count from 1")
			}
		case "clock":
			d.clock, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("expected before:<record>, after:<record> or clock:<duration>")
		}
		if err != nil {
			return drill{}, usage("%s: %q: %w", drillVariable, part, err)
		}
	}
	return d, nil
}

// apply makes the run do it.
func (d drill) apply(c *run.Config) {
	if d.die.Record != 0 {
		c.Reached = func(at run.Moment) {
			if at == d.die {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nothing comes after it
			}
		}
	}
	if d.clock != 0 {
		c.Clock = func() time.Time { return time.Now().Add(d.clock) }
	}
}
