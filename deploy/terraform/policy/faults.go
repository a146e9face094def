package policy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// timeServer is where every EC2 host gives the time.
const timeServer = "169.254.169.123"

// clock: a server with a wrong clock has its signed requests refused. Fargate and Lambda have their
// host's clock; a server of one's own must be told.
func clock(p *Plan) []Finding {
	var out []Finding
	for _, r := range p.of("aws_instance", "aws_launch_template") {
		if r.Type == "aws_instance" && len(blocks(r.Values, "launch_template")) > 0 {
			continue // judged by its template
		}
		if !strings.Contains(userData(r), timeServer) {
			out = append(out, Finding{Address: r.Address, Message: "the server is not told to take the time from its host",
				Fix: "set " + timeServer + " as chrony's source in user_data"})
		}
	}
	return out
}

func userData(r *Resource) string {
	raw := text(r.Values, "user_data") + text(r.Values, "user_data_base64")
	if plain, err := base64.StdEncoding.DecodeString(raw); err == nil {
		return string(plain)
	}
	return raw
}

// balancerSubnets: readers of an internet-facing balancer on subnets without a route to an internet
// gateway time out, and AWS says nothing.
func balancerSubnets(p *Plan) []Finding {
	var out []Finding
	for _, lb := range p.of("aws_lb", "aws_alb") {
		if yes(lb.Values, "internal") {
			continue
		}
		subnets := p.linked(lb, "subnets", "aws_subnet")
		if len(subnets) == 0 {
			out = append(out, Finding{Address: lb.Address, Message: "an internet-facing balancer whose subnets cannot be told",
				Fix: "make it internal, or hand it subnets of this plan"})
		}
		zones := map[string]bool{}
		for _, s := range subnets {
			zones[text(s.Values, "availability_zone")] = true
			if !p.reachesInternet(s) {
				out = append(out, Finding{Address: lb.Address, Message: fmt.Sprintf("internet-facing on %s, which has no route to an internet gateway", s.Address),
					Fix: "make it internal, or choose public subnets"})
			}
		}
		if len(subnets) > 0 && len(zones) < 2 {
			out = append(out, Finding{Address: lb.Address, Message: "stands in fewer than two zones", Fix: "give it a subnet in each zone"})
		}
	}
	return out
}

func (p *Plan) reachesInternet(subnet *Resource) bool {
	for _, a := range p.of("aws_route_table_association") {
		if !slices.Contains(p.linked(a, "subnet_id", "aws_subnet"), subnet) {
			continue
		}
		tables := p.linked(a, "route_table_id", "aws_route_table")
		for _, r := range p.of("aws_route") {
			for _, t := range p.linked(r, "route_table_id", "aws_route_table") {
				if slices.Contains(tables, t) && len(p.linked(r, "gateway_id", "aws_internet_gateway")) > 0 {
					return true
				}
			}
		}
	}
	return false
}

// bucketPublic: a bucket is shut by the whole public access block, and by no policy or list opened.
func bucketPublic(p *Plan) []Finding {
	var out []Finding
	shut := map[*Resource]bool{}
	for _, b := range p.of("aws_s3_bucket_public_access_block") {
		whole := true
		for _, k := range []string{"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"} {
			if !yes(b.Values, k) {
				whole = false
				out = append(out, Finding{Address: b.Address, Message: k + " is off", Fix: "set all four"})
			}
		}
		for _, bucket := range p.linked(b, "bucket", "aws_s3_bucket") {
			shut[bucket] = whole
		}
	}
	for _, b := range p.of("aws_s3_bucket") {
		if _, there := shut[b]; !there {
			out = append(out, Finding{Address: b.Address, Message: "has no public access block", Fix: "add aws_s3_bucket_public_access_block"})
		}
	}
	for _, a := range p.of("aws_s3_bucket_acl") {
		if strings.HasPrefix(text(a.Values, "acl"), "public") {
			out = append(out, Finding{Address: a.Address, Message: "a public list of rights", Fix: "serve it by CloudFront"})
		}
	}
	for _, d := range p.documents() {
		if d.of != "aws_s3_bucket_policy" && d.of != "" {
			continue
		}
		for _, s := range d.statements {
			if s.allow && s.everybody && len(s.conditions) == 0 && s.about("s3:") {
				out = append(out, Finding{Address: d.address, Message: "lets everybody in", Fix: "name who may, such as CloudFront for one distribution"})
			}
		}
	}
	return out
}

// bucketOrigin: CloudFront signs what it asks of a bucket, and the bucket lets in one distribution.
func bucketOrigin(p *Plan) []Finding {
	var out []Finding
	arns := map[string]bool{}
	for _, d := range p.of("aws_cloudfront_distribution") {
		arns[text(d.Values, "arn")] = true
		for _, o := range blocks(d.Values, "origin") {
			if len(blocks(o, "custom_origin_config"))+len(blocks(o, "vpc_origin_config")) > 0 {
				continue
			}
			if id, known := o["origin_access_control_id"]; known && (id == nil || id == "") {
				out = append(out, Finding{Address: d.Address, Message: fmt.Sprintf("origin %v is a bucket that CloudFront reads unsigned", o["origin_id"]),
					Fix: "set origin_access_control_id"})
			}
		}
	}
	for _, d := range p.documents() {
		for _, s := range d.statements {
			if !s.allow || !slices.Contains(s.services, "cloudfront.amazonaws.com") {
				continue
			}
			values, there := s.conditions["aws:sourcearn"]
			switch {
			case !there:
				out = append(out, Finding{Address: d.address, Message: "lets any distribution of anybody in", Fix: "add the condition AWS:SourceArn with the distribution's ARN"})
			case slices.ContainsFunc(values, func(v string) bool { return !arns[v] }):
				out = append(out, Finding{Address: d.address, Message: fmt.Sprintf("AWS:SourceArn is no distribution of this plan: %s", strings.Join(values, ", ")), Fix: "use the distribution's ARN"})
			}
		}
	}
	return out
}

var hostSetting = regexp.MustCompile(`VPN_HOST='([^']*)'`)

// publicName: a name that the world looks up must lead to an address that the world can reach, and
// what profiles hold must be a name.
func publicName(p *Plan) []Finding {
	var out []Finding
	for _, r := range p.of("aws_route53_record") {
		if p.privateZone(r) {
			continue
		}
		for _, v := range texts(r.Values["records"]) {
			if a, err := netip.ParseAddr(v); err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()) {
				out = append(out, Finding{Address: r.Address, Message: "leads to the private address " + v, Fix: "use the Elastic IP's public_ip"})
			}
		}
		if p.config == nil {
			continue
		}
		for source := range p.config.sources(r.block(), "records") {
			if strings.HasSuffix(source, ".private_ip") || strings.HasSuffix(source, ".private_ips") || strings.HasSuffix(source, ".private_dns") {
				out = append(out, Finding{Address: r.Address, Message: "leads to a private address: " + source, Fix: "use the Elastic IP's public_ip"})
			}
		}
		aliased := p.config.sources(r.block(), "alias")
		for _, lb := range p.of("aws_lb") {
			if yes(lb.Values, "internal") && aliased[lb.block()] {
				out = append(out, Finding{Address: r.Address, Message: "leads to an internal balancer", Fix: "lead to CloudFront"})
			}
		}
	}
	for _, r := range p.of("aws_instance", "aws_launch_template") {
		if m := hostSetting.FindStringSubmatch(userData(r)); m != nil {
			if _, err := netip.ParseAddr(m[1]); err == nil || m[1] == "" {
				out = append(out, Finding{Address: r.Address, Message: fmt.Sprintf("VPN profiles would call %q", m[1]), Fix: "set the host name of the VPN's record"})
			}
		}
	}
	return out
}

func (p *Plan) privateZone(record *Resource) bool {
	for _, z := range p.linked(record, "zone_id", "aws_route53_zone") {
		if len(blocks(z.Values, "vpc")) > 0 {
			return true
		}
	}
	return false
}

// kept are the types that hold data or an address, with the arguments whose change replaces them. The
// provider says so itself when it plans against AWS; this says it without.
var kept = map[string][]string{
	"aws_rds_cluster":             {"cluster_identifier", "engine", "engine_mode", "database_name", "master_username", "storage_encrypted", "kms_key_id", "db_subnet_group_name", "availability_zones", "snapshot_identifier"},
	"aws_db_subnet_group":         {"name"},
	"aws_s3_bucket":               {"bucket", "bucket_prefix", "object_lock_enabled"},
	"aws_route53_zone":            {"name", "delegation_set_id"},
	"aws_kms_key":                 {"customer_master_key_spec", "key_usage", "multi_region"},
	"aws_cognito_user_pool":       {"name", "alias_attributes", "username_attributes", "username_configuration"},
	"aws_secretsmanager_secret":   {"name", "name_prefix"},
	"aws_eip":                     {"domain", "public_ipv4_pool", "network_border_group"},
	"aws_instance":                {"ami", "availability_zone", "key_name", "subnet_id", "tenancy", "user_data_replace_on_change", "primary_network_interface"},
	"aws_network_interface":       {"subnet_id"},
	"aws_ec2_client_vpn_endpoint": {"client_cidr_block", "authentication_options", "transport_protocol"},
}

// passing are those of the kept types that hold nothing: addresses of gateways, what a pipeline hands on.
func passing(r *Resource) bool {
	return r.Type == "aws_eip" && r.Name == "nat" || r.Type == "aws_s3_bucket" && r.Name == "artifacts" || r.Type == "aws_kms_key" && r.Name == "topic"
}

// replaced: a plan that takes away what holds data, the VPN's address or the zone.
func replaced(p *Plan) []Finding {
	var out []Finding
	for _, r := range p.Resources {
		args, holds := kept[r.Type]
		if !holds || r.Data || passing(r) {
			continue
		}
		if slices.Contains(r.Actions, "delete") {
			what := "would be destroyed"
			if slices.Contains(r.Actions, "create") {
				what = "would be replaced"
			}
			out = append(out, Finding{Address: r.Address, Message: what, Fix: "keep it: move it in the state, or change what asks for it"})
		}
		if r.Before == nil || r.Values == nil {
			continue
		}
		for _, a := range args {
			before, after := r.Before[a], r.Values[a]
			if _, known := r.Values[a]; known && fmt.Sprint(before) != fmt.Sprint(after) {
				out = append(out, Finding{Address: r.Address, Message: fmt.Sprintf("%s changes from %v to %v, which replaces it", a, before, after), Fix: "leave it as it is"})
			}
		}
	}
	return out
}
