// Package ai_test checks the AI providers that the platform is configured with.
// The platform has no AI route of its own but /health/ai, which is a constant on
// some builds; so each provider is asked directly, with the platform's own key.
package ai_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/ai"
	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{Name: "ai", About: "Every configured AI provider accepts the platform's key and answers in time, within its budget."})
}

// scene is what the criteria judge: the providers, and one answer of each that
// speaks OpenAI's API. Every provider is asked once in a run.
type scene struct {
	providers   []ai.Provider
	completions []ai.Completion
}

// asked returns the providers that can be asked.
func (s scene) asked() []ai.Provider {
	return slices.DeleteFunc(slices.Clone(s.providers), func(p ai.Provider) bool { return !p.Asked(suite.Env().AI) })
}

func TestProviders(t *testing.T) {
	var s scene
	t.Run("configured", func(t *testing.T) { testConfigured(t, &s) })
	t.Run("completes", func(t *testing.T) { testCompletes(t, &s) })
	t.Run("in time", func(t *testing.T) { testInTime(t, s) })
	t.Run("within budget", func(t *testing.T) { testWithinBudget(t, s) })
	t.Run("wrong key", func(t *testing.T) { testWrongKeyIsRefused(t, s) })
	t.Run("key hidden", func(t *testing.T) { testKeyIsNeverShown(t, s) })
}

func testConfigured(t *testing.T, s *scene) {
	c := suite.Criterion(t, "ai.providers.configured", "Every active AI provider has an address, a key and a known type, and the required ones are active.")
	conf := suite.Env().AI
	c.Needs(len(conf.Required))
	c.WouldCatch("one provider that is missing, or one active provider that cannot work")
	db, err := mssql.Open(t.Context(), suite.Env().Database, suite.Env().Database.Name)
	c.Require(err == nil, "connect to the database: %v", err)
	defer func() { require.NoError(t, db.Close()) }()
	s.providers, err = ai.Providers(t.Context(), db, conf, suite.Env().Database.CommandTimeout)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("providers.json", s.providers)
	names, defaults := []string{}, map[string]int{}
	for _, p := range s.providers {
		c.Require(p.Problem == "", "the AI provider %s cannot work: %s", p.Name, p.Problem)
		names = append(names, p.Name)
		if p.Default {
			defaults[p.Tenant]++
		}
	}
	for _, name := range conf.Required {
		c.Require(slices.Contains(names, name), "the required AI provider %s is not configured: %s lists %s as active", name, conf.Table, strings.Join(names, ", "))
	}
	for tenant, n := range defaults {
		c.Require(n == 1, "tenant %s has %d default AI providers; expected one", tenant, n)
	}
	c.Observed(len(s.providers), "active providers read from "+conf.Table)
}

func testCompletes(t *testing.T, s *scene) {
	c := suite.Criterion(t, "ai.provider.completes", "Every provider that speaks OpenAI's API accepts the platform's key and completes a minimal chat.")
	conf := suite.Env().AI
	asked := s.asked()
	if len(asked) == 0 {
		c.Inconclusive("no provider could be read that speaks OpenAI's API (ai.compatible: %v)", conf.Compatible)
	}
	c.Needs(len(asked))
	c.WouldCatch("one provider that refuses the key, lacks the model, or answers nothing")
	var problems []error
	for _, p := range asked {
		completion, err := ai.Ask(t.Context(), p, p.Key, conf.MaxTokens, conf.Timeout)
		s.completions = append(s.completions, completion)
		problems = append(problems, err)
	}
	c.EvidenceJSON("completions.json", s.completions)
	c.Require(errors.Join(problems...) == nil, "%v", errors.Join(problems...))
	for i, completion := range s.completions {
		// A provider may name a dated snapshot of the model: gpt-4-0613 for gpt-4.
		c.Require(strings.HasPrefix(completion.Model, asked[i].Model), "the AI provider %s answered with the model %q; expected %q", asked[i].Name, completion.Model, asked[i].Model)
		c.Observed(1, "completions")
	}
}

func testInTime(t *testing.T, s scene) {
	c := suite.Criterion(t, "ai.provider.in-time", "Every provider answers within the latency that the environment sets.")
	limit := suite.Env().AI.MaxLatency
	c.Needs(max(len(s.completions), 1))
	c.WouldCatch("an answer slower than %s", limit)
	for _, completion := range answered(c, s) {
		c.Measured(completion.Provider+"-ms", float64(completion.Duration)/float64(time.Millisecond))
		c.Require(completion.Duration <= limit, "the AI provider %s took %s to answer; expected at most %s", completion.Provider, completion.Duration.Round(time.Millisecond), limit)
		c.Observed(1, "answers in time")
	}
}

// answered returns the completions, if every provider that was asked has answered
// one: there is nothing else to judge.
func answered(c *suite.Check, s scene) []ai.Completion {
	if len(s.completions) == 0 {
		c.Inconclusive("no provider was asked")
	}
	for _, completion := range s.completions {
		if completion.Status/100 != 2 {
			c.Inconclusive("the AI provider %s gave no answer to judge (status %d)", completion.Provider, completion.Status)
		}
	}
	return s.completions
}

func testWithinBudget(t *testing.T, s scene) {
	c := suite.Criterion(t, "ai.provider.within-budget", "Every provider says how many tokens an answer used, and keeps to the limit of the request.")
	conf := suite.Env().AI
	c.Needs(max(len(s.completions), 1))
	c.WouldCatch("an answer longer than %d tokens, or more than %d tokens in all", conf.MaxTokens, conf.Budget)
	total := 0
	for _, completion := range answered(c, s) {
		used := completion.CompletionTokens
		c.Require(completion.PromptTokens > 0 && completion.TotalTokens == completion.PromptTokens+used,
			"the AI provider %s does not account for its tokens: %d asked and %d answered make %d", completion.Provider, completion.PromptTokens, used, completion.TotalTokens)
		c.Require(used <= conf.MaxTokens, "the AI provider %s used %d tokens for an answer that was allowed %d", completion.Provider, used, conf.MaxTokens)
		total += completion.TotalTokens
		c.Observed(1, "answers within their limit")
	}
	c.Measured("tokens", total)
	c.Require(total <= conf.Budget, "the providers used %d tokens in all; ai.budget allows %d", total, conf.Budget)
}

// testWrongKeyIsRefused is the control of the others: a provider that accepts any
// key says nothing about the platform's.
func testWrongKeyIsRefused(t *testing.T, s scene) {
	c := suite.Criterion(t, "ai.key.checked", "Every provider refuses a key that is wrong.")
	conf, asked := suite.Env().AI, s.asked()
	if len(asked) == 0 {
		c.Inconclusive("no provider could be read that speaks OpenAI's API")
	}
	c.Needs(len(asked))
	c.WouldCatch("a provider that does not look at keys, so that the platform's may be wrong unnoticed")
	for _, p := range asked {
		completion, err := ai.Ask(t.Context(), p, environment.NewSecret("sk-barqgate-wrong-on-purpose"), conf.MaxTokens, conf.Timeout)
		if !errors.Is(err, ai.ErrRefused) && completion.Status/100 != 2 {
			c.Inconclusive("the AI provider %s answered neither a refusal nor a completion: %v", p.Name, err)
		}
		c.Require(errors.Is(err, ai.ErrRefused), "the AI provider %s accepts a wrong key (status %d)", p.Name, completion.Status)
		c.Observed(1, "refusals of a wrong key")
	}
}

// testKeyIsNeverShown looks at everything that came back in this run, and at what
// this suite is about to leave behind.
func testKeyIsNeverShown(t *testing.T, s scene) {
	c := suite.Criterion(t, "ai.key.never-shown", "No provider's key comes back in an answer, in a health report, or in the evidence.")
	c.Needs(2)
	c.WouldCatch("one key in an answer, a health report or a file of evidence")
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	for range suite.Env().Health.Samples {
		exchange, err := client.Do(t.Context(), barq.Request{Method: "GET", Path: healthPath})
		c.Require(err == nil, "%v", err)
		name, shown := ai.Shown(exchange.Body, s.providers)
		c.Require(!shown, "%s shows the key of the AI provider %s", healthPath, name)
		c.Observed(1, "answers without a key")
	}
	for _, completion := range s.completions {
		c.Require(!completion.ShowsKey, "the AI provider %s sends the key back in its answer", completion.Provider)
		c.Observed(1, "answers without a key")
	}
	evidence, err := json.Marshal([]any{s.providers, s.completions})
	require.NoError(t, err)
	name, shown := ai.Shown(evidence, s.providers)
	c.Require(!shown, "the evidence of this suite shows the key of the AI provider %s", name)
}

const healthPath = "/health/ai"

func TestHealthAnswers(t *testing.T) {
	c := suite.Criterion(t, "ai.health.answers", "The platform calls its AI providers healthy, on every replica.")
	samples := suite.Env().Health.Samples
	c.Needs(samples)
	c.WouldCatch("one of %d answers that is not healthy", samples)
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	for range samples {
		health, exchange, err := client.Health(t.Context(), healthPath)
		c.Require(err == nil, "%v", err)
		c.Require(slices.Contains(suite.Env().API.ReadyCodes, exchange.Status), "%s answered %d on pod %s; expected one of %v", healthPath, exchange.Status, exchange.Header.Get("X-BARQ-Pod"), suite.Env().API.ReadyCodes)
		c.Require(health.IsHealthy == nil || *health.IsHealthy, "%s answered %d, but its body says %q", healthPath, exchange.Status, health.Status)
		c.Observed(1, "healthy answers")
	}
}
