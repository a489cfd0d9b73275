package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/barq-platform/barqgate/fixtures/kube"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/plan"
)

// reservation keeps every other barqgate, on whatever machine, from changing the
// platform.
type reservation struct {
	held *kube.Reservation // nil: the plan only reads
}

// reserve takes the environment's Lease for a run whose plan changes something.
func (a *app) reserve(ctx context.Context, p *plan.Plan, run string) (reservation, error) {
	if !changes(p) {
		return reservation{}, nil
	}
	return a.reserveFor(ctx, p.Env, run)
}

// reserveFor takes the Lease whatever it is needed for.
func (a *app) reserveFor(ctx context.Context, env *environment.Environment, run string) (reservation, error) {
	cluster, err := kube.Reach(ctx, env.Kubernetes)
	if err != nil {
		return reservation{}, err
	}
	held, err := cluster.Reserve(ctx, holder(run), env.Run.LeaseFor(), func(text string) { _, _ = fmt.Fprintln(a.err, text) })
	return reservation{held: held}, err
}

// holder names a run for people who wait for it, with where it is at work. The
// same run has the same name after a resume.
func holder(run string) string {
	who, host := "unknown", "unknown"
	if current, err := user.Current(); err == nil {
		who = current.Username
	}
	if name, err := os.Hostname(); err == nil {
		host = name
	}
	return fmt.Sprintf("%s@%s, run %s", who, host, run)
}

// fence says whether this run may still change the platform.
func (r reservation) fence() error {
	if r.held == nil {
		return nil
	}
	return r.held.Valid()
}

// release adds to err what kept the Lease from being given back.
func (r reservation) release(err *error) {
	if r.held != nil {
		*err = errors.Join(*err, r.held.Release())
	}
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
