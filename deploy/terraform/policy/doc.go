// Package policy judges what Terraform is about to do: it reads the JSON of a plan or a state, and
// the modules' own text, and names what would hurt.
//
// It promises: one finding for each fault and resource, with what to do about it; unknown values are
// followed to where they come from, and what cannot be followed counts against the plan. It never
// talks to AWS and changes nothing.
package policy

import (
	"cmp"
	"fmt"
	"slices"
)

// Finding is one fault.
type Finding struct {
	Rule    string // short name, stable: "balancer-subnets"
	Address string // of the resource, or file:line
	Message string // what is wrong
	Fix     string // what to do
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s (%s)", f.Rule, f.Address, f.Message, f.Fix)
}

// Rule looks at a plan for one kind of fault.
type Rule struct {
	Name  string
	About string
	Check func(*Plan) []Finding
}

// Rules are all that a plan is held to.
func Rules() []Rule {
	return []Rule{
		{"clock", "servers take the time from their host, so that signed requests and certificates hold", clock},
		{"balancer-subnets", "a balancer on the internet stands on subnets that reach it, in two zones or more", balancerSubnets},
		{"bucket-public", "no bucket is public or could be made so", bucketPublic},
		{"bucket-origin", "CloudFront reads a bucket as itself, and only this distribution may", bucketOrigin},
		{"step-scaling", "the steps of a scaling policy have neither gap nor overlap nor end", stepScaling},
		{"public-name", "no public name leads to a private address", publicName},
		{"replaced", "what holds data or an address is neither replaced nor destroyed", replaced},
		{"iam-wildcard", "no right is wider than it must be without saying why", iamWildcard},
		{"secret", "no secret stands in plain text", secret},
		{"encryption", "what is stored or sent is encrypted", encryption},
		{"tags", "everything has the tags that costs are told apart by", tags},
	}
}

// Check holds a plan to all rules. The findings are sorted.
func Check(p *Plan) []Finding {
	var all []Finding
	for _, r := range Rules() {
		for _, f := range r.Check(p) {
			f.Rule = r.Name
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}
