package environment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/barq-platform/barqgate/harness/procgroup"
)

// provideTimeout is how long a provider may take when its environment says
// nothing: building the lab's control plane on first use takes minutes.
const provideTimeout = 30 * time.Minute

// ProvidedVariable names the environment whose provider has run already. Who sets
// it, sets the values beside it: see Provided.
const ProvidedVariable = "BARQGATE_PROVIDED"

// Provided returns variables (KEY=value) for a process that loads the same
// environment: with them it uses this provider's values instead of running the
// provider again. They hold secrets; hand them to a process and to nothing else.
func (e *Environment) Provided() []string {
	if len(e.Provider.Command) == 0 || e.provided == nil {
		return nil
	}
	variables := []string{ProvidedVariable + "=" + e.Name}
	for name, value := range e.provided() {
		variables = append(variables, name+"="+value)
	}
	return variables
}

// provide runs the provider's command and returns the values it prints.
func provide(ctx context.Context, root, name string, p Provider) (map[string]string, error) {
	if os.Getenv(ProvidedVariable) == name {
		return nil, nil // the values are variables of this process
	}
	timeout := p.Timeout
	if timeout == 0 {
		timeout = provideTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Command[0], p.Command[1:]...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr // progress, for people
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.WaitDelay = 5 * time.Second // a grandchild may hold the pipe
	procgroup.Own(cmd)              // it has to be asked once, and all of it
	cmd.Cancel = func() error { return procgroup.Ask(cmd.Process.Pid) }
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		return nil, fmt.Errorf("start environment %s: its provider `%s` failed: %w; what it said is above", name, strings.Join(p.Command, " "), err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(out.Bytes(), &values); err != nil {
		return nil, fmt.Errorf("start environment %s: its provider `%s` printed %d bytes that are not one JSON object of strings: %w", name, strings.Join(p.Command, " "), out.Len(), err)
	}
	return values, nil
}
