package environment

import "time"

// Watch says how a release is watched after its deployment (runbook, T+30 minutes).
type Watch struct {
	Window time.Duration `yaml:"window" json:"window"` // how long
	// Look is how long one look lasts. Each gives an error rate and a response time,
	// which the alert levels of `thresholds` are held against.
	Look     time.Duration `yaml:"look" json:"look"`
	Rate     int           `yaml:"rate" json:"rate"`   // requests a second that the watch sends
	Raise    int           `yaml:"raise" json:"raise"` // looks in a row at a level that raise its alert
	Clear    int           `yaml:"clear" json:"clear"` // looks in a row below it that clear it again
	Business Business      `yaml:"business" json:"business"`
}

// Business says by which figures it shows that people still use the platform.
type Business struct {
	Period time.Duration `yaml:"period" json:"period"` // that is counted, up to the end of the watch
	// Back is how long before that the same period is compared with: 24h for the
	// same hour of the day before.
	Back         time.Duration `yaml:"back" json:"back"`
	Users        Metric        `yaml:"users" json:"users"`               // active users
	Transactions Metric        `yaml:"transactions" json:"transactions"` // what they did
	AI           Metric        `yaml:"ai" json:"ai"`                     // usage of AI providers
}

// Metric is one figure that is compared.
type Metric struct {
	// Query returns one number for the period from @from until before @to, in UTC.
	Query   string  `yaml:"query" json:"query"`
	Minimum int     `yaml:"minimum" json:"minimum"` // of the period before; fewer say nothing
	Share   float64 `yaml:"share" json:"share"`     // of the period before that has to be there at least
}

func (v *validator) watch(w Watch) {
	v.required("watch", w)
	v.required("watch.business", w.Business)
	v.required("watch.business.users", w.Business.Users)
	v.required("watch.business.transactions", w.Business.Transactions)
	v.required("watch.business.ai", w.Business.AI)
	if w.Look > 0 && int(w.Window/w.Look) < max(w.Raise, w.Clear) {
		v.problem("watch.window", "is %s, which is fewer looks of %s than `raise` or `clear` need; no alert could be raised", w.Window, w.Look)
	}
	if w.Business.Period > w.Business.Back {
		v.problem("watch.business.period", "is longer than `back`: a period would be compared with itself")
	}
}
