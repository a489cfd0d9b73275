package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// errOccupied is wrapped by the error for a platform that another barqgate of this
// machine is changing.
var errOccupied = errors.New("another barqgate is changing the platform")

// occupy keeps every other barqgate of this checkout from changing the platform of
// the plan until release is called, or until this process has ended in any way. A
// plan that only reads needs no such protection.
func occupy(root string, p *plan.Plan) (release func(), err error) {
	if !changes(p) {
		return func() {}, nil
	}
	path := lockFile(root, p.Env)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("lock the platform: %w", err)
	}
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the platform: %w", err)
	}
	if !held {
		holder, _ := os.ReadFile(path) // for people; the lock alone decides
		return nil, fmt.Errorf("%w (%s); nothing was started; wait until it has ended, then try again", errOccupied, strings.TrimSpace(string(holder)))
	}
	release = func() { _ = lock.Unlock() } // the end of the process unlocks too
	holder := fmt.Sprintf("process %d: %s, since %s\n", os.Getpid(), p.Name, time.Now().Format(time.DateTime))
	if err := os.WriteFile(path, []byte(holder), 0o600); err != nil {
		release()
		return nil, fmt.Errorf("say who holds the lock of the platform: %w", err)
	}
	return release, nil
}

func changes(p *plan.Plan) bool {
	for _, phase := range p.Phases {
		for _, step := range phase.Steps {
			if plan.EffectOf(step) != plan.ReadOnly {
				return true
			}
		}
	}
	return false
}

// lockFile is one for each platform: two labs of one environment are two.
func lockFile(root string, env *environment.Environment) string {
	k := env.Kubernetes
	sum := sha256.Sum256([]byte(strings.Join([]string{k.Kubeconfig, k.Context, k.Namespace, k.Deployment}, "\x00")))
	return folder(root, "locks", env.Name+"-"+hex.EncodeToString(sum[:4])+".lock")
}
