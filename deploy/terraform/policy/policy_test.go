package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lightstick/deploy/terraform/policy"
)

// resource is one planned resource of a small plan.
type resource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Name    string         `json:"name"`
	Change  map[string]any `json:"change"`
}

type values = map[string]any

func planned(address string, after values) resource {
	return changed(address, []string{"create"}, nil, after)
}

func changed(address string, actions []string, before, after values) resource {
	kind, name, _ := strings.Cut(address, ".")
	if before == nil {
		return resource{address, "managed", kind, name, values{"actions": actions, "after": after}}
	}
	return resource{address, "managed", kind, name, values{"actions": actions, "before": before, "after": after}}
}

func read(t *testing.T, list []resource, config values) *policy.Plan {
	t.Helper()
	if config == nil {
		config = values{}
	}
	raw, err := json.Marshal(values{"resource_changes": list, "configuration": values{"root_module": config}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Read(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rules are the names of the rules that found something, each once.
func rules(p *policy.Plan) []string {
	var list []string
	for _, f := range policy.Check(p) {
		list = append(list, f.Rule)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func config(refs map[string]map[string][]string) values {
	var list []values
	for address, expressions := range refs {
		e := values{}
		for name, r := range expressions {
			e[name] = values{"references": r}
		}
		list = append(list, values{"address": address, "expressions": e})
	}
	return values{"resources": list}
}

// network is two zones, and in each a subnet of which public ones have a way out.
func network(public bool) ([]resource, map[string]map[string][]string) {
	list := []resource{
		planned("aws_subnet.a", values{"id": "subnet-a", "availability_zone": "x-1a"}),
		planned("aws_subnet.b", values{"id": "subnet-b", "availability_zone": "x-1b"}),
		planned("aws_route_table.t", values{"id": "rtb-1"}),
		planned("aws_route_table_association.a", values{"subnet_id": "subnet-a", "route_table_id": "rtb-1"}),
		planned("aws_route_table_association.b", values{}),
	}
	refs := map[string]map[string][]string{
		"aws_route_table_association.b": {"subnet_id": {"aws_subnet.b.id", "aws_subnet.b"}, "route_table_id": {"aws_route_table.t.id", "aws_route_table.t"}},
	}
	if public {
		list = append(list, planned("aws_internet_gateway.g", values{"id": "igw-1"}), planned("aws_route.r", values{"route_table_id": "rtb-1", "gateway_id": "igw-1"}))
	}
	return list, refs
}

func balancer(internal bool, subnets ...any) resource {
	return planned("aws_lb.l", values{"internal": internal, "subnets": subnets})
}

func TestBalancerSubnets(t *testing.T) {
	public, refs := network(true)
	private, _ := network(false)
	for name, c := range map[string]struct {
		list []resource
		want int
	}{
		"public subnets in two zones":   {append(slices.Clone(public), balancer(false, "subnet-a", "subnet-b")), 0},
		"internal on private subnets":   {append(slices.Clone(private), balancer(true, "subnet-a", "subnet-b")), 0},
		"on the internet without a way": {append(slices.Clone(private), balancer(false, "subnet-a", "subnet-b")), 2},
		"one zone":                      {append(slices.Clone(public), balancer(false, "subnet-a")), 1},
		"subnets of somebody else":      {append(slices.Clone(public), balancer(false, "subnet-z")), 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := policy.Check(read(t, c.list, config(refs))); len(got) != c.want {
				t.Errorf("%d findings, want %d: %v", len(got), c.want, got)
			}
		})
	}
}

func f(v float64) *float64 { return &v }

// TestRefused has AWS's rules for steps, each with a policy that breaks it alone.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		steps []policy.Step
		want  string // part of the reason; "" when AWS takes it
	}{
		"all is covered":       {[]policy.Step{{f(0), f(15), 10}, {f(15), nil, 20}}, ""},
		"two sides":            {[]policy.Step{{nil, f(-10), -30}, {f(-10), f(0), -10}, {f(0), f(10), 10}, {f(10), nil, 30}}, ""},
		"one for all":          {[]policy.Step{{nil, nil, 10}}, ""},
		"none":                 {nil, "no step"},
		"overlap":              {[]policy.Step{{f(0), f(20), 10}, {f(15), nil, 20}}, "overlap"},
		"gap":                  {[]policy.Step{{f(0), f(10), 10}, {f(15), nil, 20}}, "gap"},
		"two without a lower":  {[]policy.Step{{nil, f(0), 10}, {nil, f(10), 10}, {f(10), nil, 20}}, "two steps have no lower"},
		"two without an upper": {[]policy.Step{{f(0), nil, 10}, {f(10), nil, 20}}, "two steps have no upper"},
		"both null in one":     {[]policy.Step{{nil, nil, 10}, {f(10), f(20), 20}}, "without both ends"},
		"negative lower":       {[]policy.Step{{f(-20), f(-10), -10}, {f(-10), f(0), -5}}, "no lower end"},
		"positive upper":       {[]policy.Step{{f(0), f(10), 10}, {f(10), f(49.5), 20}}, "no upper end"},
		"upside down":          {[]policy.Step{{f(10), f(5), 10}, {f(10), nil, 10}}, "ends before it begins"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(policy.Refused(c.steps), "; ")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}

func TestUncovered(t *testing.T) {
	for name, c := range map[string]struct {
		steps []policy.Step
		above bool
		want  string
	}{
		"to the end":     {[]policy.Step{{f(0), f(15), 10}, {f(15), nil, 20}}, true, ""},
		"late beginning": {[]policy.Step{{f(5), nil, 10}}, true, "no step from 0 to 5"},
		"early end":      {[]policy.Step{{f(0), f(40), 10}}, true, "no step from 40 on"},
		"below":          {[]policy.Step{{nil, f(0), -10}}, false, ""},
		"below, no end":  {[]policy.Step{{f(-10), f(0), -10}}, false, "no step from -Inf to -10"},
		"wrong side":     {[]policy.Step{{nil, f(0), 10}}, true, "no step from 0 on"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(policy.Uncovered(c.steps, c.above), "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func scaling(period float64, steps ...values) []resource {
	var list []any
	for _, s := range steps {
		list = append(list, s)
	}
	return []resource{
		planned("aws_appautoscaling_policy.p", values{"arn": "arn:p", "step_scaling_policy_configuration": []any{values{"step_adjustment": list}}}),
		planned("aws_cloudwatch_metric_alarm.a", values{"alarm_actions": []any{"arn:p"}, "comparison_operator": "GreaterThanThreshold", "threshold": 50.0, "period": period, "namespace": "AWS/ECS"}),
	}
}

// TestOriginalFault is the policy behind "No step adjustment found for metric value 99.8 and breach
// delta 49.8".
func TestOriginalFault(t *testing.T) {
	p := read(t, scaling(60,
		values{"metric_interval_lower_bound": "0", "metric_interval_upper_bound": "20", "scaling_adjustment": 1.0},
		values{"metric_interval_lower_bound": "20", "metric_interval_upper_bound": "40", "scaling_adjustment": 2.0}), nil)
	var all []string
	for _, f := range policy.Check(p) {
		all = append(all, f.String())
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{"no step from 40 on of what starts it (aws_cloudwatch_metric_alarm.a)", "one step must have no upper end"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not told:\n%s", want, got)
		}
	}
}

// good is one plan without a fault, and each case spoils it.
func good() []resource {
	bucket := values{"id": "b", "bucket": "b"}
	return append(scaling(60, values{"metric_interval_lower_bound": "0", "metric_interval_upper_bound": nil, "scaling_adjustment": 1.0}),
		planned("aws_s3_bucket.b", bucket),
		planned("aws_s3_bucket_public_access_block.b", values{"bucket": "b", "block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}),
		planned("aws_s3_bucket_server_side_encryption_configuration.b", values{"bucket": "b"}),
		planned("aws_s3_bucket_policy.b", values{"bucket": "b", "policy": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"AWS:SourceArn":"arn:d"}}},{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}`}),
		planned("aws_cloudfront_distribution.d", values{"arn": "arn:d", "origin": []any{values{"origin_id": "b", "origin_access_control_id": "E1"}}, "default_cache_behavior": []any{values{"viewer_protocol_policy": "redirect-to-https"}}}),
		planned("aws_iam_role_policy.r", values{"policy": `{"Statement":{"Sid":"AnyResourceTheTokenBelongsToNone","Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}}`}),
		planned("aws_instance.i", values{"user_data": "server 169.254.169.123\nVPN_HOST='vpn.fans.example'"}),
		planned("aws_route53_record.v", values{"records": []any{"203.0.113.7"}}),
		planned("aws_ecs_task_definition.t", values{"container_definitions": `[{"environment":[{"name":"LIGHTSTICK_DATABASE","value":"postgres://lightstick@db/x"}],"secrets":[{"name":"PGPASSWORD","valueFrom":"arn:x"}]}]`}),
		planned("aws_rds_cluster.c", values{"storage_encrypted": true, "kms_key_id": "k", "manage_master_user_password": true}),
		planned("aws_sns_topic.s", values{"tags_all": values{"Project": "p", "Environment": "e", "Owner": "o"}}),
		planned("aws_lb_listener.l", values{"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}),
	)
}

func TestGood(t *testing.T) {
	if got := policy.Check(read(t, good(), nil)); len(got) != 0 {
		t.Errorf("a plan without a fault has %v", got)
	}
}

func TestSpoilt(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		set     values
		want    string
	}{
		"no host's clock":           {"aws_instance.i", values{"user_data": "VPN_HOST='vpn.fans.example'"}, "clock"},
		"a private address":         {"aws_route53_record.v", values{"records": []any{"10.0.3.4"}}, "public-name"},
		"profiles with an address":  {"aws_instance.i", values{"user_data": "server 169.254.169.123\nVPN_HOST='203.0.113.7'"}, "public-name"},
		"half a block":              {"aws_s3_bucket_public_access_block.b", values{"restrict_public_buckets": false}, "bucket-public"},
		"another bucket's block":    {"aws_s3_bucket_public_access_block.b", values{"bucket": "c"}, "bucket-public"},
		"everybody may read":        {"aws_s3_bucket_policy.b", values{"policy": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`}, "bucket-public"},
		"unsigned origin":           {"aws_cloudfront_distribution.d", values{"origin": []any{values{"origin_id": "b", "origin_access_control_id": nil}}}, "bucket-origin"},
		"any distribution":          {"aws_s3_bucket_policy.b", values{"policy": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`}, "bucket-origin"},
		"wrong distribution":        {"aws_cloudfront_distribution.d", values{"arn": "arn:other"}, "bucket-origin"},
		"a star for an action":      {"aws_iam_role_policy.r", values{"policy": `{"Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}]}`}, "iam-wildcard"},
		"a star without a reason":   {"aws_iam_role_policy.r", values{"policy": `{"Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}`}, "iam-wildcard"},
		"all of a service":          {"aws_iam_role_policy.r", values{"policy": `{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:x:1:*"}]}`}, "iam-wildcard"},
		"a password in a setting":   {"aws_ecs_task_definition.t", values{"container_definitions": `[{"environment":[{"name":"PGPASSWORD","value":"x"}]}]`}, "secret"},
		"a password in an address":  {"aws_ecs_task_definition.t", values{"container_definitions": `[{"environment":[{"name":"LIGHTSTICK_DATABASE","value":"postgres://u:p@db/x"}]}]`}, "secret"},
		"a key in a script":         {"aws_instance.i", values{"user_data": "server 169.254.169.123\nexport A=AKIAABCDEFGHIJKLMNOP"}, "secret"},
		"a password of the cluster": {"aws_rds_cluster.c", values{"master_password": "x"}, "secret"},
		"storage in clear":          {"aws_rds_cluster.c", values{"storage_encrypted": false}, "encryption"},
		"a topic in clear":          {"aws_sns_topic.s", values{"kms_master_key_id": nil}, "encryption"},
		"plain http":                {"aws_lb_listener.l", values{"protocol": "HTTP"}, "encryption"},
		"readers in clear":          {"aws_cloudfront_distribution.d", values{"default_cache_behavior": []any{values{"viewer_protocol_policy": "allow-all"}}}, "encryption"},
		"a bucket in clear":         {"aws_s3_bucket_server_side_encryption_configuration.b", values{"bucket": "c"}, "encryption"},
		"no owner":                  {"aws_sns_topic.s", values{"tags_all": values{"Project": "p", "Environment": "e"}}, "tags"},
		"an alarm finer than all":   {"aws_cloudwatch_metric_alarm.a", values{"period": 10.0}, "step-scaling"},
		"nobody starts it":          {"aws_cloudwatch_metric_alarm.a", values{"alarm_actions": []any{}}, "step-scaling"},
	} {
		t.Run(name, func(t *testing.T) {
			list := good()
			i := slices.IndexFunc(list, func(r resource) bool { return r.Address == c.address })
			after := list[i].Change["after"].(values)
			for k, v := range c.set {
				after[k] = v
			}
			if got := rules(read(t, list, nil)); !slices.Equal(got, []string{c.want}) {
				t.Errorf("found %v, want %s alone", got, c.want)
			}
		})
	}
}

func TestReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		r    resource
		want string
	}{
		"in place":          {changed("aws_rds_cluster.c", []string{"update"}, values{"engine": "x", "backup_retention_period": 1.0}, values{"engine": "x", "backup_retention_period": 2.0}), ""},
		"another name":      {changed("aws_rds_cluster.c", []string{"update"}, values{"database_name": "a"}, values{"database_name": "b"}), "database_name changes from a to b"},
		"destroyed":         {changed("aws_route53_zone.z", []string{"delete"}, values{"name": "x"}, nil), "would be destroyed"},
		"replaced":          {changed("aws_eip.openvpn", []string{"delete", "create"}, values{"domain": "vpc"}, values{"domain": "vpc"}), "would be replaced"},
		"a gateway's":       {changed("aws_eip.nat", []string{"delete"}, values{"domain": "vpc"}, nil), ""},
		"unknown, as it is": {changed("aws_instance.i", []string{"update"}, values{"ami": "a"}, values{"user_data": "169.254.169.123"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range policy.Check(read(t, []resource{c.r, planned("aws_vpc.v", values{})}, nil)) {
				if f.Rule == "replaced" {
					got = append(got, f.Message)
				}
			}
			if all := strings.Join(got, "; "); c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("got %q, want %q", all, c.want)
			}
		})
	}
}

// TestThroughModules follows a balancer's subnets through the variables and outputs of two modules.
func TestThroughModules(t *testing.T) {
	reach := func(output string) values {
		return values{"module_calls": values{
			"compute": values{
				"expressions": values{"vpc": values{"references": []string{"module.network." + output, "module.network"}}},
				"module": values{"resources": []values{
					{"address": "aws_lb.l", "expressions": values{"subnets": values{"references": []string{"var.vpc.subnets", "var.vpc", "var.vpc"}}}},
				}},
			},
			"network": values{"module": values{
				"outputs": values{
					"public": values{"expression": values{"references": []string{"aws_subnet.public"}}},
					"app":    values{"expression": values{"references": []string{"aws_subnet.app"}}},
				},
				"resources": []values{
					{"address": "aws_route_table_association.public", "for_each_expression": values{"references": []string{"aws_subnet.public"}},
						"expressions": values{"subnet_id": values{"references": []string{"each.value.id", "each.value"}}, "route_table_id": values{"references": []string{"aws_route_table.t.id", "aws_route_table.t"}}}},
					{"address": "aws_route.r", "expressions": values{"route_table_id": values{"references": []string{"aws_route_table.t.id"}}, "gateway_id": values{"references": []string{"aws_internet_gateway.g.id"}}}},
				},
			}},
		}}
	}
	var list []map[string]any
	add := func(module, kind, name, key string, after values) {
		address := "module." + module + "." + kind + "." + name
		if key != "" {
			address += `["` + key + `"]`
		}
		list = append(list, values{"address": address, "module_address": "module." + module, "mode": "managed", "type": kind, "name": name, "change": values{"actions": []string{"create"}, "after": after}})
	}
	add("compute", "aws_lb", "l", "", values{"internal": false})
	for _, z := range []string{"a", "b"} {
		add("network", "aws_subnet", "public", z, values{"availability_zone": z})
		add("network", "aws_subnet", "app", z, values{"availability_zone": z})
		add("network", "aws_route_table_association", "public", z, values{})
	}
	add("network", "aws_route_table", "t", "", values{})
	add("network", "aws_route", "r", "", values{})
	add("network", "aws_internet_gateway", "g", "", values{})
	for output, want := range map[string]int{"public": 0, "app": 2} {
		raw, err := json.Marshal(values{"resource_changes": list, "configuration": values{"root_module": reach(output)}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Read(strings.NewReader(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Check(p); len(got) != want {
			t.Errorf("on %s subnets: %d findings, want %d: %v", output, len(got), want, got)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, raw := range []string{"", "{", "{}", `{"values":{}}`, `{"configuration":{"root_module":{}}}`} {
		if _, err := policy.Read(strings.NewReader(raw)); err == nil {
			t.Errorf("%q is taken for a plan", raw)
		}
	}
}

// TestModules reads the modules as they are: nothing that holds data may be destroyed by an apply,
// no star stands without a word, everything is typed and told, and no module reaches into another.
func TestModules(t *testing.T) {
	found, err := policy.CheckModules(os.DirFS(filepath.Join("..", "modules")))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
	common, err := policy.CheckModules(os.DirFS(filepath.Join("..", "env", "common")))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range common {
		if f.Rule != "module-alone" { // an environment is what joins modules
			t.Error(f)
		}
	}
	for _, m := range []string{"network", "edge", "compute", "data", "identity", "observe", "access", "delivery", "cost"} {
		if tests, err := filepath.Glob(filepath.Join("..", "modules", m, "tests", "*.tftest.hcl")); err != nil || len(tests) == 0 {
			t.Errorf("module %s has no tests (%v)", m, err)
		}
	}
}

func TestModulesSpoilt(t *testing.T) {
	for want, text := range map[string]string{
		"prevent-destroy": "resource \"aws_rds_cluster\" \"c\" {\n  engine = \"x\"\n}\n",
		"iam-wildcard":    "data \"aws_iam_policy_document\" \"d\" {\n  resources = [\"*\"]\n}\n",
		"secret":          "locals {\n  dsn = \"postgres://${var.user}:fans@${var.host}/x\"\n}\n",
		"module-alone":    "module \"m\" {\n  source = \"../other\"\n}\n",
		"typed":           "variable \"v\" {\n  description = \"x\"\n}\n",
		"documented":      "output \"o\" {\n  value = 1\n}\n",
	} {
		found, err := policy.CheckModules(fstest.MapFS{"m/main.tf": &fstest.MapFile{Data: []byte(text)}})
		if err != nil || len(found) != 1 || found[0].Rule != want {
			t.Errorf("%q: %v, %v; want %s", text, found, err, want)
		}
	}
}
