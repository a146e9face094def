package app

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Environments.
const (
	Dev        = "dev"
	Staging    = "staging"
	Production = "production"
)

// Config is all there is to set. Each field's help is its manual: `lightstick serve --help` shows
// it, `lightstick config` shows what is in force and where it came from. Every field is a flag, a
// variable LIGHTSTICK_<NAME>, and a file named by LIGHTSTICK_<NAME>_FILE (for secrets).
type Config struct {
	Env     string `help:"Which guard-rails apply: ${enum}." enum:"dev,staging,production" default:"dev" env:"LIGHTSTICK_ENV"`
	Listen  string `help:"Address to serve readers on." default:"127.0.0.1:8080" env:"LIGHTSTICK_LISTEN"`
	Private string `help:"Address for /metrics and /debug/pprof; keep it off the internet. Empty: none." default:"127.0.0.1:9090" env:"LIGHTSTICK_PRIVATE"`
	BaseURL string `name:"base-url" help:"Address readers use, such as https://fans.example. Empty: http:// and the listen address (dev only)." env:"LIGHTSTICK_BASE_URL"`

	Data           string        `help:"Folder for the embedded database, uploads and dev mail." default:"./data" type:"path" env:"LIGHTSTICK_DATA"`
	Database       string        `help:"postgres://user:password@host/name, or sqlite:FILE. Empty: lightstick.db in the data folder. Of a PostgreSQL cluster name all servers: postgres://user:password@host1:5432,host2:5432/name." env:"LIGHTSTICK_DATABASE" secret:""`
	DatabaseRead   string        `help:"postgres://… to read from, one host or several, when --database is a pooler or balancer that leads to the primary. Empty: the servers of --database that are replicas." env:"LIGHTSTICK_DATABASE_READ" secret:""`
	DatabaseMaxLag time.Duration `help:"How far a replica may be behind and still be read from while there is better." default:"5s" env:"LIGHTSTICK_DATABASE_MAX_LAG"`
	Migrate        bool          `help:"Migrate the database at start. Always so for the embedded one; in production run 'lightstick migrate' instead." env:"LIGHTSTICK_MIGRATE"`
	Worker         bool          `help:"Also run background jobs (mail, images, counters) in this process." default:"true" negatable:"" env:"LIGHTSTICK_WORKER"`

	S3Endpoint  string `name:"s3-endpoint" help:"host[:port] of S3-compatible storage for uploads. Empty: the data folder." env:"LIGHTSTICK_S3_ENDPOINT"`
	S3Bucket    string `name:"s3-bucket" help:"Bucket for uploads." env:"LIGHTSTICK_S3_BUCKET"`
	S3Region    string `name:"s3-region" help:"Region of the bucket." env:"LIGHTSTICK_S3_REGION"`
	S3AccessKey string `name:"s3-access-key" help:"Access key. Empty, with the secret key: the temporary credentials of the container's or machine's role." env:"LIGHTSTICK_S3_ACCESS_KEY"`
	S3SecretKey string `name:"s3-secret-key" help:"Secret key." env:"LIGHTSTICK_S3_SECRET_KEY" secret:""`
	S3Plain     bool   `name:"s3-plain" help:"Speak http, not https, to the endpoint (dev only)." env:"LIGHTSTICK_S3_PLAIN"`
	MediaURL    string `name:"media-url" help:"Own origin for uploads, such as https://media.fans.example. Empty: the base URL." env:"LIGHTSTICK_MEDIA_URL"`

	SMTP     string `name:"smtp" help:"smtp://user:password@host:port or smtps://…. Empty: mail lands in the data folder and on /dev/mail (dev only)." env:"LIGHTSTICK_SMTP" secret:""`
	MailFrom string `help:"Sender of mail." default:"Lightstick <no-reply@localhost>" env:"LIGHTSTICK_MAIL_FROM"`

	TrustedProxies    []netip.Prefix `help:"Networks whose X-Forwarded-For is believed, such as 10.0.0.0/8." env:"LIGHTSTICK_TRUSTED_PROXIES"`
	MayPostUnverified bool           `help:"Let members post before they confirm their e-mail address." env:"LIGHTSTICK_MAY_POST_UNVERIFIED"`
	Hashers           int            `help:"Password hashes at once. 0: one for each core; at most two for each." env:"LIGHTSTICK_HASHERS"`
	WAF               string         `name:"waf" help:"Refuse requests that look like attacks, by the OWASP core rule set: ${enum}. auto: on in staging and production." enum:"auto,on,off" default:"auto" env:"LIGHTSTICK_WAF"`
	Admission         string         `help:"Let in only as many requests as can be worked on, the important first: ${enum}." enum:"on,off" default:"on" env:"LIGHTSTICK_ADMISSION"`
	Connections       int            `help:"Open connections of clients at once; one address that is no trusted proxy may have half of them. 0: half of the files that the process may open, at most 16384." env:"LIGHTSTICK_CONNECTIONS"`
	PageCache         int64          `help:"Bytes of rendered pages kept in memory." default:"33554432" env:"LIGHTSTICK_PAGE_CACHE"`
	Drain             time.Duration  `help:"How long to go on serving after /readyz says no, so that balancers notice. In dev it does not wait." default:"2s" env:"LIGHTSTICK_DRAIN"`
	LogLevel          string         `help:"Least level logged: ${enum}." enum:"debug,info,warn,error" default:"info" env:"LIGHTSTICK_LOG_LEVEL"`
	LogFile           string         `help:"File for the log. Empty: standard error." type:"path" env:"LIGHTSTICK_LOG_FILE"`
	Demo              bool           `help:"Fill an empty community with the demo world." env:"LIGHTSTICK_DEMO"`

	ClockOffset time.Duration `help:"Put this node's clock wrong by so much, for drills (dev only)." default:"0s" hidden:"" env:"LIGHTSTICK_CLOCK_OFFSET"`

	AllowDemo     bool `help:"Let production serve demo data. Its passwords are public." env:"LIGHTSTICK_ALLOW_DEMO"`
	AllowEmbedded bool `help:"Let production run on the embedded database: one machine, no failover." env:"LIGHTSTICK_ALLOW_EMBEDDED"`
	AllowPlain    bool `help:"Let production use a plain http base URL." env:"LIGHTSTICK_ALLOW_PLAIN"`
}

// Check fills in what follows from other fields and refuses what would not be safe, all reasons at once.
func (c *Config) Check() error {
	var errs []error
	no := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.BaseURL == "" && c.Env == Dev {
		c.BaseURL = "http://" + c.Listen
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || strings.TrimSuffix(base.Path, "/") != "" {
		no("--base-url %q: give the address readers use, such as https://fans.example", c.BaseURL)
	} else {
		c.BaseURL = base.Scheme + "://" + base.Host
	}
	if c.Database == "" {
		c.Database = "sqlite:" + filepath.Join(c.Data, "lightstick.db")
	}
	if !c.Embedded() && !postgresURL(c.Database) {
		no("--database: give postgres://… or sqlite:FILE")
	}
	if c.DatabaseRead != "" && (c.Embedded() || !postgresURL(c.DatabaseRead)) {
		no("--database-read: give postgres://…, and only with a --database of PostgreSQL")
	}
	if c.DatabaseMaxLag < 0 {
		no("--database-max-lag: 0 (for 5s) or more")
	}
	if c.S3Endpoint != "" && (c.S3Bucket == "" || (c.S3AccessKey == "") != (c.S3SecretKey == "")) {
		no("--s3-endpoint needs --s3-bucket, and --s3-access-key and --s3-secret-key or neither")
	}
	if c.PageCache < 1<<20 {
		no("--page-cache: at least 1048576 bytes")
	}
	if c.Connections < 0 {
		no("--connections: 0 or more")
	}
	if c.Hashers < 0 {
		no("--hashers: 0 or more")
	}
	if c.ClockOffset != 0 && c.Env != Dev {
		no("--clock-offset: a wrong clock is for drills in dev")
	}
	if c.Env != Dev {
		c.guard(no, base)
	}
	return errors.Join(errs...)
}

// guard holds the rails of staging and production.
func (c *Config) guard(no func(string, ...any), base *url.URL) {
	if base != nil && base.Host != "" && base.Scheme != "https" && !c.AllowPlain {
		no("--base-url is not https: passwords would travel in the clear (--allow-plain if you must)")
	}
	if c.SMTP == "" {
		no("--smtp is needed: members could not confirm their address or reset a password")
	}
	if c.S3Plain && !c.AllowPlain {
		no("--s3-plain would send keys in the clear (--allow-plain if you must)")
	}
	if c.Env != Production {
		return
	}
	if c.Demo && !c.AllowDemo {
		no("--demo: the demo world's passwords are public (--allow-demo if you must)")
	}
	if c.Embedded() && !c.AllowEmbedded {
		no("--database: the embedded database has no failover (--allow-embedded if one machine is enough)")
	}
}

// connections is how many there may be at once.
func (c *Config) connections() int {
	var files syscall.Rlimit
	if c.Connections > 0 || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return max(c.Connections, 2)
	}
	return int(min(max(files.Cur/2, 64), 16384))
}

func (c *Config) wafOn() bool { return c.WAF == "on" || c.WAF != "off" && c.Env != Dev }

func postgresURL(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// Embedded reports whether the database is the embedded one.
func (c *Config) Embedded() bool { return strings.HasPrefix(c.Database, "sqlite:") }
