package environment

import (
	"net/url"
	"reflect"
	"regexp"
	"slices"
)

// Secrets returns the value of every secret of the environment, and the passwords
// within those that are addresses or connection strings. They are for taking out
// of what is printed and stored, and for nothing else.
func (e *Environment) Secrets() []string {
	var values []string
	collect(reflect.ValueOf(e).Elem(), func(s Secret) {
		if s.IsSet() {
			values = append(append(values, s.value), passwords(s.value)...)
		}
	})
	slices.Sort(values)
	return slices.Compact(values)
}

// collect visits every secret in a value.
func collect(v reflect.Value, visit func(Secret)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			collect(v.Elem(), visit)
		}
	case reflect.Struct:
		if v.CanInterface() {
			if secret, ok := v.Interface().(Secret); ok {
				visit(secret)
				return
			}
		}
		for field, value := range v.Fields() {
			if field.IsExported() {
				collect(value, visit)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collect(v.MapIndex(key), visit)
		}
	default: // holds nothing
	}
}

// keyed matches the values of a connection string that are secret:
// Password=…;AccountKey=…
var keyed = regexp.MustCompile(`(?i)(?:password|pwd|accountkey|sharedaccesskey|instrumentationkey)\s*=\s*([^;]+)`)

// passwords finds what is secret by itself within a longer secret, which programs
// print in parts.
func passwords(value string) []string {
	var found []string
	if u, err := url.Parse(value); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok {
			found = append(found, password)
		}
	}
	for _, match := range keyed.FindAllStringSubmatch(value, -1) {
		found = append(found, match[1])
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == "" })
}
