package environment

import "time"

// Notify says who is told about a run, and by what. A channel without its first
// key is not used here.
type Notify struct {
	Attempts int           `yaml:"attempts" json:"attempts"` // of one message, before it counts as failed
	Timeout  time.Duration `yaml:"timeout" json:"timeout"`   // of one attempt
	CAFile   string        `yaml:"caFile" json:"caFile"`     // PEM file; empty: the system's roots

	Slack               Slack               `yaml:"slack" json:"slack"`
	PagerDuty           PagerDuty           `yaml:"pagerDuty" json:"pagerDuty"`
	Grafana             Grafana             `yaml:"grafana" json:"grafana"`
	ApplicationInsights ApplicationInsights `yaml:"applicationInsights" json:"applicationInsights"`
}

// Slack is where the team reads about deployments.
type Slack struct {
	URL     string `yaml:"url" json:"url"`         // of the Web API; empty: Slack's own
	Token   Secret `yaml:"token" json:"token"`     // of a bot that may post
	Channel string `yaml:"channel" json:"channel"` // its id, such as C0123456789
}

// PagerDuty is how the people on call are woken.
type PagerDuty struct {
	URL        string `yaml:"url" json:"url"`               // of the Events API; empty: PagerDuty's own
	RoutingKey Secret `yaml:"routingKey" json:"routingKey"` // of the service's integration
}

// Grafana shows when a deployment began and ended.
type Grafana struct {
	URL       string `yaml:"url" json:"url"` // such as https://grafana.example.com
	Token     Secret `yaml:"token" json:"token"`
	Dashboard string `yaml:"dashboard" json:"dashboard"` // uid of the dashboard that is annotated
}

// ApplicationInsights shows a release beside what its users met.
type ApplicationInsights struct {
	Subscription  string `yaml:"subscription" json:"subscription"`
	ResourceGroup string `yaml:"resourceGroup" json:"resourceGroup"`
	Component     string `yaml:"component" json:"component"`
	ManagementURL string `yaml:"managementURL" json:"managementURL"` // empty: Azure's own
	LogsURL       string `yaml:"logsURL" json:"logsURL"`             // empty: Azure's own
	// Token is a bearer token. Empty: the Azure SDK's default credentials.
	Token Secret `yaml:"token" json:"token"`
}

// Used reports whether anybody is told at all.
func (n Notify) Used() bool {
	return n.Slack.Token.IsSet() || n.PagerDuty.RoutingKey.IsSet() || n.Grafana.URL != "" || n.ApplicationInsights.Component != ""
}

func (v *validator) notify(n Notify) {
	if !n.Used() {
		return
	}
	v.set("notify.attempts", n.Attempts > 0)
	v.set("notify.timeout", n.Timeout > 0)
	if n.Slack.Token.IsSet() {
		v.set("notify.slack.channel", n.Slack.Channel != "")
	}
	if n.Grafana.URL != "" {
		v.set("notify.grafana.token", n.Grafana.Token.IsSet())
		v.set("notify.grafana.dashboard", n.Grafana.Dashboard != "")
	}
	if n.ApplicationInsights.Component != "" {
		v.required("notify.applicationInsights", n.ApplicationInsights, "ManagementURL", "LogsURL", "Token")
	}
}
