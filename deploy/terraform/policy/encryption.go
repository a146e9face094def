package policy

import (
	"fmt"
	"slices"
	"strings"
)

// missing tells that an argument is known not to be set: what is unknown is set by something else.
func missing(values map[string]any, name string) bool {
	v, known := values[name]
	return known && (v == nil || v == "" || v == false)
}

// must are arguments without which something is stored in clear.
var must = map[string][]string{
	"aws_rds_cluster":           {"storage_encrypted", "kms_key_id"},
	"aws_rds_cluster_instance":  {"performance_insights_kms_key_id"},
	"aws_sns_topic":             {"kms_master_key_id"},
	"aws_secretsmanager_secret": {"kms_key_id"},
	"aws_ebs_volume":            {"encrypted"},
	"aws_efs_file_system":       {"encrypted"},
	"aws_codebuild_project":     {"encryption_key"},
}

// encryption: at rest under a key, on the way by TLS 1.2 or newer.
func encryption(p *Plan) []Finding {
	var out []Finding
	say := func(r *Resource, what, fix string) {
		out = append(out, Finding{Address: r.Address, Message: what, Fix: fix})
	}
	sealed := map[*Resource]bool{}
	for _, c := range p.of("aws_s3_bucket_server_side_encryption_configuration") {
		for _, b := range p.linked(c, "bucket", "aws_s3_bucket") {
			sealed[b] = true
		}
	}
	for _, r := range p.Resources {
		if r.Data || r.Values == nil {
			continue
		}
		for _, a := range must[r.Type] {
			if missing(r.Values, a) {
				say(r, a+" is not set", "set it")
			}
		}
		switch r.Type {
		case "aws_s3_bucket":
			if !sealed[r] {
				say(r, "has no encryption configuration", "add aws_s3_bucket_server_side_encryption_configuration")
			}
		case "aws_rds_cluster_parameter_group":
			if !slices.ContainsFunc(blocks(r.Values, "parameter"), func(b map[string]any) bool { return b["name"] == "rds.force_ssl" && b["value"] == "1" }) {
				say(r, "does not force TLS", "set rds.force_ssl to 1")
			}
		case "aws_lb_listener":
			if proto := text(r.Values, "protocol"); proto != "HTTPS" && proto != "TLS" {
				say(r, "speaks "+proto, "use HTTPS")
			} else if !strings.Contains(text(r.Values, "ssl_policy"), "TLS13") {
				say(r, "takes old TLS", "use a TLS13 policy")
			}
		case "aws_launch_template":
			for _, m := range blocks(r.Values, "block_device_mappings") {
				for _, e := range blocks(m, "ebs") {
					if e["encrypted"] != "true" {
						say(r, "a disk in clear", "set encrypted")
					}
				}
			}
		case "aws_cloudfront_distribution":
			for _, what := range distributionInClear(r.Values) {
				say(r, what, "HTTPS and TLS 1.2 at least, everywhere")
			}
		}
	}
	return out
}

func distributionInClear(values map[string]any) []string {
	var out []string
	for _, b := range append(blocks(values, "default_cache_behavior"), blocks(values, "ordered_cache_behavior")...) {
		if b["viewer_protocol_policy"] == "allow-all" {
			out = append(out, fmt.Sprintf("%v is served in clear", b["path_pattern"]))
		}
	}
	for _, c := range blocks(values, "viewer_certificate") {
		if v, known := c["minimum_protocol_version"].(string); known && !strings.HasPrefix(v, "TLSv1.2") && !strings.HasPrefix(v, "TLSv1.3") {
			out = append(out, "readers may come with "+v)
		}
	}
	for _, o := range blocks(values, "origin") {
		for _, c := range blocks(o, "custom_origin_config") {
			if c["origin_protocol_policy"] != "https-only" {
				out = append(out, fmt.Sprintf("origin %v is asked in clear", o["origin_id"]))
			}
		}
	}
	return out
}

// required are the tags by which costs and owners are told apart.
var required = []string{"Project", "Environment", "Owner"}

// tags: what can have tags has all of these. Deferred or unknown tags count as there.
func tags(p *Plan) []Finding {
	var out []Finding
	for _, r := range p.Resources {
		all, known := r.Values["tags_all"].(map[string]any)
		if r.Data || !known {
			continue
		}
		for _, t := range required {
			if v, there := all[t]; !there || v == "" {
				out = append(out, Finding{Address: r.Address, Message: "has no tag " + t, Fix: "set it in the provider's default_tags"})
			}
		}
	}
	return out
}
