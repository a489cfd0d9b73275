package environment

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// validate reports every missing or contradictory value at once, by its key and
// where that stands.
func (e *Environment) validate(at func(key string) string) error {
	v := &validator{at: at}
	v.set("name", e.Name != "")
	v.oneOf("profile", string(e.Profile), string(Intended), string(AsBuilt))
	for i, effect := range e.Allow {
		v.oneOf(fmt.Sprintf("allow[%d]", i), string(effect), string(Write), string(LoadTest), string(Lockout), string(Provision), string(Deploy), string(RestoreDatabase), string(InjectFault))
	}
	v.api(e.API)
	v.required("kubernetes", e.Kubernetes, "Kubeconfig", "Context", "Ingress", "MaxRestarts")
	v.database(e.Database)
	v.databaseParts(e.Database)
	v.tenancy(e.Tenancy)
	v.required("auth", e.Auth, "SigningKey")
	v.oneOf("auth.cookieSameSite", e.Auth.CookieSameSite, "none", "lax", "strict")
	v.set("files.sizes", len(e.Files.Sizes) > 0)
	v.required("health", e.Health)
	v.required("load", e.Load, "MaxOutage")
	v.share("load.minAchievedShare", e.Load.MinAchievedShare)
	v.thresholds(e.Thresholds)
	v.source(e.Source)
	v.preflight(e.Preflight)
	v.export(e.Export)
	v.contacts(e.Contacts)
	v.oneOf("rollback.application", string(e.Rollback.Application), string(Automatic), string(Manual))
	v.oneOf("rollback.database", string(e.Rollback.Database), string(Automatic), string(Manual))
	v.frontend(e.Frontend)
	v.run(e)
	v.ai(e.AI)
	v.bpm(e.BPM)
	v.logs(e.Logs)
	v.resources(e.Resources)
	v.notify(e.Notify)
	v.watch(e.Watch)
	v.followup(e.Followup, e.Preflight.Attestations.Required)
	return errors.Join(v.problems...)
}

type validator struct {
	at       func(key string) string
	problems []error
}

// problem says something about a key, which the sentence starts with.
func (v *validator) problem(key, format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf("%s: %s %s", v.at(key), key, fmt.Sprintf(format, args...)))
}

func (v *validator) set(key string, ok bool) {
	if !ok {
		v.problem(key, "is missing")
	}
}

func (v *validator) oneOf(key, value string, valid ...string) {
	if !slices.Contains(valid, value) {
		v.problem(key, "is %q; expected one of %s", value, strings.Join(valid, ", "))
	}
}

// share checks a value that is there; required reports one that is missing.
func (v *validator) share(key string, value float64) {
	if value > 1 {
		v.problem(key, "is %v; expected a share above 0 and up to 1, such as 0.001 for 0.1 %%", value)
	}
}

// required reports every zero field of a section but the optional ones, so that
// a forgotten value can never act as "0" or "nothing expected", and every number
// below zero.
func (v *validator) required(section string, value any, optional ...string) {
	for field, value := range reflect.ValueOf(value).Fields() {
		key := section + "." + field.Tag.Get("yaml")
		if value.IsZero() && !slices.Contains(optional, field.Name) {
			v.problem(key, "is missing")
		}
		if value.CanInt() && value.Int() < 0 || value.CanFloat() && value.Float() < 0 {
			v.problem(key, "is %v; expected a value above zero", value)
		}
	}
}

func (v *validator) api(a API) {
	v.required("api", a, "Host", "CAFile", "FaultsURL")
	u, err := url.Parse(a.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		v.problem("api.url", "is %q; expected a scheme and a host such as https://api.example.com", a.URL)
	}
	for _, codes := range [][]int{a.UnauthorizedCodes, a.DeniedCodes, a.ReadyCodes} {
		for _, code := range codes {
			if code >= 300 && code < 400 {
				v.problem("api", "lists status %d as expected; a redirect is neither healthy nor a refusal", code)
			}
		}
	}
}

func (v *validator) database(d Database) {
	v.required("database", d, "DSN", "Tables", "AppendOnly", "Service", "Application", "Reach", "Migrations", "TLS", "Backups", "Performance", "Cluster", "Bookkeeping")
	v.set("database.dsn", d.DSN.IsSet())
	v.required("database.tables", d.Tables)
	if d.ScratchName == d.Name {
		v.problem("database.scratchName", "is the database itself (%s); the restore drill would overwrite it", d.Name)
	}
}

func (v *validator) tenancy(t Tenancy) {
	v.set("tenancy.header", t.Header != "")
	switch {
	case t.Provision && len(t.Tenants) > 0:
		v.problem("tenancy", "has provision and tenants, which exclude each other")
	case !t.Provision && len(t.Tenants) != 2:
		v.problem("tenancy.tenants", "has %d entries; isolation needs exactly two tenants, or provision: true", len(t.Tenants))
	case !t.Provision && t.Tenants[0].ID == t.Tenants[1].ID:
		v.problem("tenancy.tenants", "names the same tenant twice (%s); isolation needs two", t.Tenants[0].ID)
	}
	for i, tenant := range t.Tenants {
		v.set(fmt.Sprintf("tenancy.tenants[%d].id", i), tenant.ID != "")
		v.set(fmt.Sprintf("tenancy.tenants[%d].userName", i), tenant.UserName != "")
		v.set(fmt.Sprintf("tenancy.tenants[%d].email", i), tenant.Email != "")
		v.set(fmt.Sprintf("tenancy.tenants[%d].password", i), tenant.Password.IsSet())
	}
}

func (v *validator) thresholds(t Thresholds) {
	v.required("thresholds", t)
	v.share("thresholds.errorRate", t.ErrorRate)
	v.share("thresholds.memoryShare", t.MemoryShare)
	v.share("thresholds.cpuShare", t.CPUShare)
	if t.WarningErrorRate > t.CriticalErrorRate || t.WarningP95 > t.CriticalP95 {
		v.problem("thresholds", "has a warning level above its critical level")
	}
}
