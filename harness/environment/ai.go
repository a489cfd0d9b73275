package environment

import "time"

// AI says which AI providers the platform works with and what asking them may
// cost. Which ones are configured is read from the platform's own table.
type AI struct {
	Table      string   `yaml:"table" json:"table"`           // of the providers, in the platform's database
	Required   []string `yaml:"required" json:"required"`     // names of providers that must be active
	Compatible []string `yaml:"compatible" json:"compatible"` // provider types that speak OpenAI's API, and are asked
	// Unasked lists provider types of which it is known that nothing here can ask
	// them. An active provider of any other type is a failure.
	Unasked []string `yaml:"unasked" json:"unasked"`
	// Keys are those of providers whose row holds none, by the provider's name.
	Keys       map[string]Secret `yaml:"keys" json:"keys"`
	Model      string            `yaml:"model" json:"model"`           // of providers whose row names none
	MaxTokens  int               `yaml:"maxTokens" json:"maxTokens"`   // of one answer
	Budget     int               `yaml:"budget" json:"budget"`         // tokens that one run of the suite may use, both ways
	Timeout    time.Duration     `yaml:"timeout" json:"timeout"`       // of one completion
	MaxLatency time.Duration     `yaml:"maxLatency" json:"maxLatency"` // of one completion that is good enough
}

func (v *validator) ai(a AI) {
	v.required("ai", a, "Unasked", "Keys")
	for name, key := range a.Keys {
		v.set("ai.keys."+name, key.IsSet())
	}
	if a.MaxLatency > a.Timeout {
		v.problem("ai.maxLatency", "is %s, beyond ai.timeout (%s); no answer could be that late", a.MaxLatency, a.Timeout)
	}
}
