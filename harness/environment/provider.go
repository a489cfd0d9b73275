package environment

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// provideTimeout is how long a provider may take when its environment says
// nothing: building the lab's control plane on first use takes minutes.
const provideTimeout = 30 * time.Minute

// provide runs the provider's command and returns the values it prints.
func provide(ctx context.Context, root, name string, p Provider) (map[string]string, error) {
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
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("start environment %s: its provider `%s` failed: %w; its messages are above", name, strings.Join(p.Command, " "), err)
	}
	values := map[string]string{}
	if err := json.Unmarshal(out.Bytes(), &values); err != nil {
		return nil, fmt.Errorf("start environment %s: its provider `%s` printed %d bytes that are not one JSON object of strings: %w", name, strings.Join(p.Command, " "), out.Len(), err)
	}
	return values, nil
}
