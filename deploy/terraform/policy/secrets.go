package policy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// shapes are what secrets look like, wherever they stand.
var shapes = map[string]*regexp.Regexp{
	"an address with a password": regexp.MustCompile(`[a-z]://[^/@:\s"']+:[^/@\s"']+@`),
	"an access key":              regexp.MustCompile(`\bA(KIA|SIA)[0-9A-Z]{16}\b`),
	"a private key":              regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	"a chat's address":           regexp.MustCompile(`https://hooks\.slack\.com/services/`),
	"a token":                    regexp.MustCompile(`\b(xox[abp]-|ghp_|github_pat_)[A-Za-z0-9_-]{10,}`),
}

// named are names of settings whose value is a secret.
var named = regexp.MustCompile(`(?i)(SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE_KEY|ACCESS_KEY|_SMTP)`)

// arguments whose value would be a secret in the plan and the state.
var arguments = map[string][]string{
	"aws_rds_cluster":                   {"master_password"},
	"aws_db_instance":                   {"password"},
	"aws_secretsmanager_secret_version": {"secret_string", "secret_binary"},
	"aws_ssm_parameter":                 {"value", "insecure_value"},
}

// secret: passwords and keys come from Secrets Manager when a task starts, and stand nowhere else.
func secret(p *Plan) []Finding {
	var out []Finding
	say := func(r *Resource, what string) {
		out = append(out, Finding{Address: r.Address, Message: what, Fix: "put it into Secrets Manager by hand and hand over the ARN"})
	}
	for _, r := range p.Resources {
		if r.Values == nil || r.Data {
			continue
		}
		for _, a := range arguments[r.Type] {
			if v, ok := r.Values[a].(string); ok && v != "" {
				say(r, a+" is set")
			}
		}
		if r.Type == "aws_cognito_user_pool_client" && yes(r.Values, "generate_secret") {
			say(r, "its secret would stand in the state")
		}
		for name, value := range settings(r) {
			if named.MatchString(name) && value != "" && !strings.HasPrefix(value, "arn:") {
				say(r, fmt.Sprintf("setting %s is a secret in plain text", name))
			}
		}
		walk("", r.Values, func(path, s string) {
			if strings.HasSuffix(path, ".description") {
				return
			}
			if plain, err := base64.StdEncoding.DecodeString(s); err == nil && len(s) > 40 {
				s = string(plain)
			}
			for what, shape := range shapes {
				if shape.MatchString(s) {
					say(r, fmt.Sprintf("%s in %s", what, strings.TrimPrefix(path, ".")))
				}
			}
		})
	}
	return out
}

// settings are the variables that a resource gives to programs.
func settings(r *Resource) map[string]string {
	list := map[string]string{}
	switch r.Type {
	case "aws_ecs_task_definition":
		var containers []struct {
			Environment []struct{ Name, Value string }
		}
		if json.Unmarshal([]byte(text(r.Values, "container_definitions")), &containers) == nil {
			for _, c := range containers {
				for _, e := range c.Environment {
					list[e.Name] = e.Value
				}
			}
		}
	case "aws_lambda_function":
		for _, e := range blocks(r.Values, "environment") {
			vars, _ := e["variables"].(map[string]any)
			for k, v := range vars {
				list[k], _ = v.(string)
			}
		}
	case "aws_codebuild_project":
		for _, e := range blocks(r.Values, "environment") {
			for _, v := range blocks(e, "environment_variable") {
				if t := text(v, "type"); t == "" || t == "PLAINTEXT" {
					list[text(v, "name")] = text(v, "value")
				}
			}
		}
	}
	return list
}
