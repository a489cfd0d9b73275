package environment

import (
	"fmt"
	"regexp"
	"time"
)

// Logs says how the platform's console writes, so that errors can be counted.
type Logs struct {
	Record  string `yaml:"record" json:"record"` // regular expression of a record's first line; other lines belong to the record before
	Error   string `yaml:"error" json:"error"`   // of records that are errors
	Request string `yaml:"request" json:"request"`
	// MinimumRequests is how many served requests the logs must show before an error
	// rate is judged.
	MinimumRequests int `yaml:"minimumRequests" json:"minimumRequests"`
	// Baseline is how far back the logs of the old release are read.
	Baseline time.Duration `yaml:"baseline" json:"baseline"`
	// BeginsWithin is how long after a container's start its log may begin. One that
	// begins later has been rotated: what it said before is lost.
	BeginsWithin time.Duration `yaml:"beginsWithin" json:"beginsWithin"`
	// AppearsWithin is how long a served request may take to reach the log.
	AppearsWithin time.Duration `yaml:"appearsWithin" json:"appearsWithin"`
	// Window is how long the pods are watched for restarts.
	Window time.Duration `yaml:"window" json:"window"`
}

// Resources says how long, and how closely, the pods' use of memory and CPU is
// watched. The shares that they may use are thresholds.
type Resources struct {
	Interval time.Duration `yaml:"interval" json:"interval"` // between two looks
	Samples  int           `yaml:"samples" json:"samples"`   // different measurements of every pod that a judgement needs
	Window   time.Duration `yaml:"window" json:"window"`     // by which they must be there
	MaxAge   time.Duration `yaml:"maxAge" json:"maxAge"`     // of a measurement; an older one is stale
	// Memory (bytes) and CPU (thousandths of a core) stand for the limits of
	// containers that have none. 0: every container must have its own.
	Memory int64 `yaml:"memory" json:"memory"`
	CPU    int64 `yaml:"cpu" json:"cpu"`
}

func (v *validator) logs(l Logs) {
	v.required("logs", l)
	for key, pattern := range map[string]string{"record": l.Record, "error": l.Error, "request": l.Request} {
		if _, err := regexp.Compile(pattern); err != nil {
			v.problem("logs."+key, "is no regular expression: %v", err)
		}
	}
}

func (v *validator) resources(r Resources) {
	v.required("resources", r, "Memory", "CPU")
	if need := r.Interval * time.Duration(r.Samples); r.Window < need {
		v.problem("resources.window", "is %s; %d samples every %s need %s", r.Window, r.Samples, r.Interval, fmt.Sprint(need))
	}
}
