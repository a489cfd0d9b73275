package environment

import (
	"net/url"
	"strings"
	"time"
)

// Frontend says how the platform's web frontend gets to its users, and what they
// have to be served.
type Frontend struct {
	Kind FrontendKind `yaml:"kind" json:"kind"`
	// URL is where users load it from: the CDN or the ingress. Scheme and host.
	URL     string        `yaml:"url" json:"url"`
	CAFile  string        `yaml:"caFile" json:"caFile"`   // PEM file; empty: the system's roots
	Timeout time.Duration `yaml:"timeout" json:"timeout"` // of one request
	// APIBase is what its code has to name as the API: a path of its own host, such
	// as /api, or a URL.
	APIBase      string `yaml:"apiBase" json:"apiBase"`
	MissingCodes []int  `yaml:"missingCodes" json:"missingCodes"` // to requests for a file that does not exist
	// SecurityHeaders are the headers of its index, each with the text that the
	// value has to contain.
	SecurityHeaders map[string]string `yaml:"securityHeaders" json:"securityHeaders"`
	Browser         BrowserPolicy     `yaml:"browser" json:"browser"`
	Login           FrontendLogin     `yaml:"login" json:"login"`

	// Dist is the folder with the built frontend, relative to the module's root.
	// {release} in it stands for the release: the folder that the catalogue names
	// for the tag or, without a catalogue, the tag.
	Dist       string             `yaml:"dist" json:"dist"`
	Build      FrontendBuild      `yaml:"build" json:"build"`
	S3         FrontendS3         `yaml:"s3" json:"s3"`
	CloudFront FrontendCloudFront `yaml:"cloudFront" json:"cloudFront"`
	Deployment FrontendDeployment `yaml:"deployment" json:"deployment"`
}

// FrontendKind says what serves the frontend.
type FrontendKind string

// The kinds of frontend.
const (
	// FrontendS3CloudFront is an S3 bucket behind a CloudFront distribution.
	FrontendS3CloudFront FrontendKind = "s3-cloudfront"
	// FrontendInDeployment is an image with nginx, in a Kubernetes Deployment.
	FrontendInDeployment FrontendKind = "deployment"
	// NoFrontend means that barqgate leaves the frontend alone here.
	NoFrontend FrontendKind = "none"
)

// BrowserPolicy says whether the checks that need a browser may be skipped.
type BrowserPolicy string

// The browser policies.
const (
	// BrowserRequired fails where there is no browser.
	BrowserRequired BrowserPolicy = "required"
	// BrowserOptional skips those checks where there is none, and counts the skip.
	BrowserOptional BrowserPolicy = "optional"
)

// FrontendLogin holds the CSS selectors of the login form. All empty: the
// frontend has no login that calls the API.
type FrontendLogin struct {
	UserName string `yaml:"userName" json:"userName"`
	Email    string `yaml:"email" json:"email"`
	Password string `yaml:"password" json:"password"`
	Submit   string `yaml:"submit" json:"submit"`
	Done     string `yaml:"done" json:"done"` // what is visible only after a login
}

// FrontendBuild makes the folder that is published. Without a command it is there
// already.
type FrontendBuild struct {
	Command []string      `yaml:"command" json:"command"` // such as [pnpm, build]
	Dir     string        `yaml:"dir" json:"dir"`         // where it runs, relative to the module's root
	Timeout time.Duration `yaml:"timeout" json:"timeout"`
}

// FrontendS3 names the buckets. Without keys the AWS SDK finds its own.
type FrontendS3 struct {
	Region       string        `yaml:"region" json:"region"`
	Endpoint     string        `yaml:"endpoint" json:"endpoint"` // empty: AWS
	AccessKey    Secret        `yaml:"accessKey" json:"accessKey"`
	SecretKey    Secret        `yaml:"secretKey" json:"secretKey"`
	Bucket       string        `yaml:"bucket" json:"bucket"`
	BackupBucket string        `yaml:"backupBucket" json:"backupBucket"`
	Grace        time.Duration `yaml:"grace" json:"grace"`       // how long a file stays that no version names any more
	Parallel     int           `yaml:"parallel" json:"parallel"` // transfers at a time
}

// FrontendCloudFront names the distribution in front of the bucket.
type FrontendCloudFront struct {
	Endpoint     string        `yaml:"endpoint" json:"endpoint"` // empty: AWS
	Distribution string        `yaml:"distribution" json:"distribution"`
	Timeout      time.Duration `yaml:"timeout" json:"timeout"`   // of an invalidation
	Interval     time.Duration `yaml:"interval" json:"interval"` // between two looks at it
}

// FrontendDeployment names the Deployment, in the namespace of `kubernetes`.
type FrontendDeployment struct {
	Name            string `yaml:"name" json:"name"`
	Container       string `yaml:"container" json:"container"`
	ImageRepository string `yaml:"imageRepository" json:"imageRepository"`
	Selector        string `yaml:"selector" json:"selector"` // label selector of its pods
}

// InCluster returns how the frontend's Deployment is reached: as the API's, under
// its own names.
func (e *Environment) InCluster() Kubernetes {
	k, d := e.Kubernetes, e.Frontend.Deployment
	k.Deployment, k.Container, k.ImageRepository, k.Selector = d.Name, d.Container, d.ImageRepository, d.Selector
	return k
}

func (v *validator) frontend(f Frontend) {
	v.oneOf("frontend.kind", string(f.Kind), string(FrontendS3CloudFront), string(FrontendInDeployment), string(NoFrontend))
	if f.Kind != FrontendS3CloudFront && f.Kind != FrontendInDeployment {
		return // nothing else of the section is used
	}
	v.required("frontend", f, "CAFile", "SecurityHeaders", "Login", "Dist", "Build", "S3", "CloudFront", "Deployment")
	v.address("frontend.url", f.URL)
	for _, code := range f.MissingCodes {
		if code < 400 || code > 499 {
			v.problem("frontend.missingCodes", "lists status %d; expected 403, 404 or another refusal", code)
		}
	}
	if !strings.HasPrefix(f.APIBase, "/") {
		v.address("frontend.apiBase", f.APIBase)
	}
	v.oneOf("frontend.browser", string(f.Browser), string(BrowserRequired), string(BrowserOptional))
	if f.Login != (FrontendLogin{}) {
		v.required("frontend.login", f.Login, "UserName", "Email") // a form may ask for one of the two
	}
	if f.Kind == FrontendInDeployment {
		v.required("frontend.deployment", f.Deployment)
		return
	}
	v.set("frontend.dist", f.Dist != "")
	if len(f.Build.Command) > 0 {
		v.required("frontend.build", f.Build)
	}
	v.required("frontend.s3", f.S3, "Endpoint", "AccessKey", "SecretKey")
	if f.S3.AccessKey.IsSet() != f.S3.SecretKey.IsSet() {
		v.problem("frontend.s3", "has one of accessKey and secretKey; expected both or none")
	}
	if f.S3.Bucket == f.S3.BackupBucket {
		v.problem("frontend.s3.backupBucket", "is the bucket itself (%s); its users could load the backup, and a restore would read what it writes", f.S3.Bucket)
	}
	v.required("frontend.cloudFront", f.CloudFront, "Endpoint")
}

// address checks a scheme and a host; a path may follow only in an API's base.
func (v *validator) address(key, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (key != "frontend.apiBase" && strings.Trim(u.Path, "/") != "") {
		v.problem(key, "is %q; expected a scheme and a host such as https://app.example.com", text)
	}
}
