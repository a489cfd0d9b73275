package prove

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// switchTimeout bounds one request to the fault switch.
const switchTimeout = 10 * time.Second

// faultSwitch is the HTTP interface of a lab's faults.
type faultSwitch struct {
	base   string
	client *http.Client
}

func newFaultSwitch(base string) faultSwitch {
	return faultSwitch{base: strings.TrimSuffix(base, "/"), client: &http.Client{Timeout: switchTimeout}}
}

func (s faultSwitch) on(ctx context.Context, fault string) error {
	return s.send(ctx, http.MethodPut, s.base+"/"+url.PathEscape(fault))
}

// allOff works even when ctx is done: a fault must never stay behind.
func (s faultSwitch) allOff(ctx context.Context) error {
	return s.send(context.WithoutCancel(ctx), http.MethodDelete, s.base)
}

func (s faultSwitch) send(ctx context.Context, method, address string) error {
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return fmt.Errorf("switch faults: %w", err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("switch faults: %w", err)
	}
	defer response.Body.Close() // only read from
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("switch faults: %s %s: %w", method, address, err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("switch faults: %s %s answered %s; expected 2xx: %s", method, address, response.Status, strings.TrimSpace(string(text)))
	}
	return nil
}
