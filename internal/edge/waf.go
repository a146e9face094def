package edge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/prometheus/client_golang/prometheus"

	"lightstick/internal/fault"
	"lightstick/internal/observe"
)

// WAF is the OWASP core rule set at paranoia level 1, for requests that no cache answers. It reads
// method, path, query, headers and the fields of forms and JSON bodies, except fields of free text
// (see [WAFOptions]): people write there about SQL and HTML, and what they write is escaped and
// bound, never executed. Answers are not inspected. It is safe for concurrent use.
type WAF struct {
	rules   experimental.WAFWithOptions
	free    map[string]bool
	known   innocents
	spared  prometheus.Counter
	refused *prometheus.CounterVec
	log     *slog.Logger
}

// WAFOptions are what a WAF needs.
type WAFOptions struct {
	FreeText []string // names of the fields of forms and JSON bodies that hold what people write
	Observer *observe.Observer
}

// The rule set's own settings. 920350 counts a numeric Host, which says nothing here: the edge never
// builds an address from it. The three of 932 take a search that begins with "time to", "find my" or
// "who is" for a command of a shell. Our bodies are read by us, so their size and form are not the
// rules' matter.
const wafSetup = `
SecRuleEngine On
SecRequestBodyAccess Off
SecResponseBodyAccess Off
SecAuditEngine Off
SecDefaultAction "phase:1,nolog,noauditlog,pass"
SecDefaultAction "phase:2,nolog,noauditlog,pass"
SecAction "id:900990,phase:1,pass,t:none,nolog,setvar:tx.crs_setup_version=4250"
SecAction "id:900200,phase:1,pass,t:none,nolog,setvar:'tx.allowed_methods=GET HEAD POST PUT PATCH DELETE OPTIONS'"
SecAction "id:900220,phase:1,pass,t:none,nolog,setvar:'tx.allowed_request_content_type=|application/x-www-form-urlencoded| |multipart/form-data| |application/json| |application/merge-patch+json| |image/jpeg| |image/png| |image/gif| |image/webp| |application/octet-stream| |text/plain|'"
Include @owasp_crs/REQUEST-*.conf
SecRuleRemoveById 920350
SecRuleUpdateTargetById 932230 "!ARGS:q"
SecRuleUpdateTargetById 932235 "!ARGS:q"
SecRuleUpdateTargetById 932250 "!ARGS:q"
`

// NewWAF compiles the rules, which takes a good part of a second.
func NewWAF(o WAFOptions) (*WAF, error) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).WithDirectives(wafSetup))
	if err != nil {
		return nil, fmt.Errorf("edge: rules of the WAF: %w", err)
	}
	rules, ok := waf.(experimental.WAFWithOptions)
	if !ok {
		return nil, errors.New("edge: this WAF takes no options")
	}
	w := &WAF{rules: rules, free: map[string]bool{}, known: innocents{newRecent(4096)}, log: o.Observer.Log, spared: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "lightstick_waf_known_total", Help: "Requests that the WAF let through because it had judged the like before."}), refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "lightstick_waf_refused_total", Help: "Requests refused by the WAF, by the family of the first rule that matched."}, []string{"family"})}
	for _, c := range []prometheus.Collector{w.refused, w.spared} {
		if err := o.Observer.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("edge: WAF: %w", err)
		}
	}
	for _, family := range families() {
		w.refused.WithLabelValues(family)
	}
	for _, name := range o.FreeText {
		w.free[name] = true
	}
	return w, nil
}

// inspect refuses a request that looks like an attack. It leaves r with its body unread.
func (w *WAF) inspect(r *http.Request, rt *route, id string) error {
	if w == nil {
		return nil
	}
	fields, err := w.fields(r)
	if err != nil {
		return err
	}
	return w.judge(r, rt.Policy.name, id, fields)
}

type wafKey struct{}

// Inspect does for the fields of a form with files what the edge does for other bodies before it
// calls the handler. Only the handler can read such a form: it streams.
func Inspect(r *http.Request, fields url.Values) error {
	rt, _ := r.Context().Value(wafKey{}).(*route)
	if rt == nil || rt.edge.cfg.WAF == nil {
		return nil
	}
	g := gatherer{free: rt.edge.cfg.WAF.free}
	for name, values := range fields {
		for _, v := range values {
			if !g.free[name] {
				g.add(name, v)
			}
		}
	}
	if g.full() {
		return tooLong()
	}
	return rt.edge.cfg.WAF.judge(r, rt.Policy.name, RequestID(r.Context()), g.list)
}

func (w *WAF) judge(r *http.Request, route, id string, fields []argument) error {
	key := w.known.key(r, fields)
	if w.known.has(key) {
		w.spared.Inc()
		return nil
	}
	if strings.Count(r.URL.RawQuery, "&") >= wafFields { // the rules look at the first thousand only
		return tooLong()
	}
	// The transaction's id is for the rule set's own log, which is off.
	tx := w.rules.NewTransactionWithOptions(experimental.Options{ID: id, Context: context.WithoutCancel(r.Context())})
	defer tx.Close()
	tx.ProcessURI(plainURI(r.URL), r.Method, r.Proto)
	addHeaders(tx, r)
	if tx.ProcessRequestHeaders() == nil {
		for _, f := range fields {
			tx.AddPostRequestArgument(ownName(plain(f.name)), plain(f.value))
		}
		if _, err := tx.ProcessRequestBody(); err != nil {
			return fmt.Errorf("edge: WAF: %w", err)
		}
	}
	if !tx.IsInterrupted() {
		w.known.add(key)
		return nil
	}
	w.note(r, route, id, tx.MatchedRules())
	return fault.New(fault.Forbidden, "looks_like_attack", "This request looks like an attack on the site, so it was not done. If it is none, write it in other words, or tell the site's people the number of the request.")
}

// addHeaders hands over all headers but our own secrets: tokens and session cookies are random
// and compared by their hash, and no rule has anything to say about them.
func addHeaders(tx types.Transaction, r *http.Request) {
	tx.AddRequestHeader("Host", r.Host)
	for name, values := range r.Header {
		if name == "Authorization" {
			continue
		}
		for _, v := range values {
			if name == "Cookie" {
				v = foreignCookies(v)
			}
			if v != "" {
				tx.AddRequestHeader(ownName(name), v)
			}
		}
	}
	if r.ContentLength >= 0 && r.Method != http.MethodGet && r.Method != http.MethodHead {
		tx.AddRequestHeader("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
}

// ownName is a copy of a name, as every value needs one. Coraza remembers what it has decoded by where
// a name lies in memory and by a place in a list whose order changes: of two values under one name it
// would now and then look at one twice and at the other never.
func ownName(name string) string {
	if name == "" {
		name = " " // the empty name lies nowhere
	}
	return strings.Clone(name)
}

// foreignCookies is a Cookie header without the cookies of ours.
func foreignCookies(v string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(v, ";"), func(c string) bool {
		name := strings.TrimPrefix(strings.TrimSpace(c), "__Host-")
		return strings.HasPrefix(name, "ls_")
	}), ";")
}

// note counts and logs a refusal: which rules, on which fields, never what was in them.
func (w *WAF) note(r *http.Request, route, id string, matched []types.MatchedRule) {
	var reasons []string
	family := ""
	for _, m := range matched {
		id := m.Rule().ID()
		// Below 100 in each file are the rules that choose the paranoia level, and match always.
		if f := ruleFamilies()[id/1000]; f != "" && id%1000 >= 100 {
			family = cmp.Or(family, f)
			for _, d := range m.MatchedDatas() {
				reasons = append(reasons, strconv.Itoa(id)+" "+d.Variable().Name()+":"+short(d.Key()))
			}
		}
	}
	family = cmp.Or(family, "other")
	w.refused.WithLabelValues(family).Inc()
	w.log.LogAttrs(r.Context(), slog.LevelWarn, "refused by the WAF", slog.String("route", route), slog.String("request_id", id),
		slog.String("family", family), slog.Any("rules", reasons[:min(len(reasons), 8)]))
}

func short(s string) string { return s[:min(len(s), 40)] }

// ruleFamilies are the names of the rule files by the first three digits of their ids.
func ruleFamilies() map[int]string {
	return map[int]string{911: "method", 913: "scanner", 920: "protocol", 921: "protocol", 922: "protocol", 930: "lfi", 931: "rfi", 932: "rce",
		933: "php", 934: "generic", 941: "xss", 942: "sqli", 943: "session", 944: "java"}
}

func families() []string {
	list := []string{"other"}
	for _, f := range ruleFamilies() {
		list = append(list, f)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
