package environment

import "time"

// Run says how barqgate itself works in the environment. Every key may be left out.
type Run struct {
	// Stall is how long a step may make no progress before it is taken to hang;
	// empty: five minutes. Steps that wait for one long statement have more.
	Stall time.Duration `yaml:"stall" json:"stall"`
	// Lease is how long the environment stays reserved for a barqgate that has died
	// or lost its connection; empty: one minute.
	Lease time.Duration `yaml:"lease" json:"lease"`
	// Suite is how long one suite may take, and a companion that was told to stop;
	// empty: ten minutes.
	Suite time.Duration `yaml:"suite" json:"suite,omitempty"`
	// OnlySuites cuts every gate down to these suites, for drills of barqgate itself
	// that need many runs. Only an environment that allows inject-fault may have it.
	OnlySuites []string `yaml:"onlySuites" json:"onlySuites,omitempty"`
}

// RunVariable names the variable of a suite's process that holds the id of the run
// it belongs to. What a suite makes on the platform bears it, so that it can be
// found if the suite does not live to remove it.
const RunVariable = "BARQGATE_RUN"

// Defaults of Run.
const (
	DefaultStall = 5 * time.Minute
	DefaultLease = time.Minute
	// minimumLease leaves time to renew it several times.
	minimumLease = 5 * time.Second
)

// StallAfter returns the time without progress after which a step hangs.
func (r Run) StallAfter() time.Duration {
	if r.Stall == 0 {
		return DefaultStall
	}
	return r.Stall
}

// LeaseFor returns how long a reservation outlives its holder.
func (r Run) LeaseFor() time.Duration {
	if r.Lease == 0 {
		return DefaultLease
	}
	return r.Lease
}

// run reports what would weaken a gate or make the reservation worthless.
func (v *validator) run(e *Environment) {
	if e.Run.Stall < 0 {
		v.problem("run.stall", "is %s; expected a value above zero", e.Run.Stall)
	}
	if e.Run.Suite < 0 {
		v.problem("run.suite", "is %s; expected a value above zero", e.Run.Suite)
	}
	if e.Run.Lease != 0 && e.Run.Lease < minimumLease {
		v.problem("run.lease", "is %s; expected at least %s, so that a late renewal does not lose it", e.Run.Lease, minimumLease)
	}
	if len(e.Run.OnlySuites) > 0 && !e.Allows(InjectFault) {
		v.problem("run.onlySuites", "weakens every gate; expected none where `allow` does not list %q", InjectFault)
	}
}
