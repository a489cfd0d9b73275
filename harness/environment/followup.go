package environment

import (
	"maps"
	"time"
)

// Followup says what people have to do when the deployment is over, and state that
// they did: the runbook's lists for T+2 hours and T+24 hours.
type Followup struct {
	Age      time.Duration     `yaml:"age" json:"age"`           // after which a statement does not count any more
	After2h  map[string]string `yaml:"after2h" json:"after2h"`   // id to the sentence that is agreed to
	After24h map[string]string `yaml:"after24h" json:"after24h"` // the same
}

// The two times of a follow-up.
const (
	After2h  = "2h"
	After24h = "24h"
)

// Checklist returns what has to be stated at one of the two times, or nil for
// another.
func (f Followup) Checklist(at string) map[string]string {
	switch at {
	case After2h:
		return f.After2h
	case After24h:
		return f.After24h
	}
	return nil
}

// Statements returns everything that the environment asks people to state about a
// release, before and after its deployment.
func (e *Environment) Statements() map[string]string {
	all := map[string]string{}
	for _, list := range []map[string]string{e.Preflight.Attestations.Required, e.Followup.After2h, e.Followup.After24h} {
		maps.Copy(all, list)
	}
	return all
}

func (v *validator) followup(f Followup, before map[string]string) {
	v.required("followup", f)
	seen := maps.Clone(before)
	if seen == nil {
		seen = map[string]string{}
	}
	for key, list := range map[string]map[string]string{"followup.after2h": f.After2h, "followup.after24h": f.After24h} {
		for id, sentence := range list {
			if id == "" || sentence == "" {
				v.problem(key, "has an entry without id or sentence")
			}
			if _, taken := seen[id]; taken {
				v.problem(key, "lists %q, which is asked for elsewhere as well; expected ids that differ", id)
			}
			seen[id] = sentence
		}
	}
}
