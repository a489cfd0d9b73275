package environment

import (
	"net/url"
	"strings"
	"time"
)

// BPM says how the process engine (Flowable) is reached, and which sample process
// is executed to find out whether it works.
type BPM struct {
	URL      string `yaml:"url" json:"url"` // of the REST service, such as https://host/flowable-rest/service/
	User     string `yaml:"user" json:"user"`
	Password Secret `yaml:"password" json:"password"`
	Process  string `yaml:"process" json:"process"` // BPMN file, relative to the module's root
	Key      string `yaml:"key" json:"key"`         // id of the process in that file
	Review   Stage  `yaml:"review" json:"review"`   // where the decision is made
	Rework   Stage  `yaml:"rework" json:"rework"`   // where a refusal leads to
	Decision string `yaml:"decision" json:"decision"`
	// Timeout is that of one request, and of the wait until a process has moved on.
	Timeout time.Duration `yaml:"timeout" json:"timeout"`
}

// Stage is a user task of the sample process.
type Stage struct {
	Task  string `yaml:"task" json:"task"`   // its id in the BPMN file
	Group string `yaml:"group" json:"group"` // whose members may claim it
}

func (v *validator) bpm(b BPM) {
	v.required("bpm", b, "Password")
	v.set("bpm.password", b.Password.IsSet())
	v.required("bpm.review", b.Review)
	v.required("bpm.rework", b.Rework)
	u, err := url.Parse(b.URL)
	if err != nil || u.Host == "" || u.User != nil || !strings.HasSuffix(u.Path, "/service/") {
		v.problem("bpm.url", "is not an address such as https://host/flowable-rest/service/, with its last slash and without a user")
	}
}
