package environment

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecretsAreAllFound(t *testing.T) {
	e := &Environment{
		Database: Database{DSN: NewSecret("sqlserver://sa:p%40ss@db:1433")},
		Tenancy:  Tenancy{Tenants: []Tenant{{Password: NewSecret("first")}, {Password: NewSecret("second")}}},
		Auth:     Auth{SigningKey: NewSecret("Server=db;Password=inside;Encrypt=true")},
	}
	require.Equal(t, []string{
		"Server=db;Password=inside;Encrypt=true", "first", "inside", "p@ss", "second", "sqlserver://sa:p%40ss@db:1433",
	}, e.Secrets())
	require.Empty(t, (&Environment{}).Secrets())
}

func TestSecretsAreFoundWhereverTheyAre(t *testing.T) {
	value := struct {
		Map     map[string]Secret
		Pointer *Secret
		Nothing *Secret
		Array   [1]struct{ S Secret }
	}{Map: map[string]Secret{"a": NewSecret("in a map")}, Pointer: &Secret{"behind a pointer"}, Array: [1]struct{ S Secret }{{NewSecret("in an array")}}}
	var found []string
	collect(reflect.ValueOf(value), func(s Secret) { found = append(found, s.value) })
	require.Equal(t, []string{"in a map", "behind a pointer", "in an array"}, found)
}
