package policy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Step is one step adjustment. Bounds are relative to the alarm's threshold; nil means without end.
type Step struct {
	Lower, Upper *float64
	Adjustment   float64
}

func (s Step) String() string {
	end := func(v *float64, without string) string {
		if v == nil {
			return without
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	return fmt.Sprintf("[%s, %s)", end(s.Lower, "-∞"), end(s.Upper, "+∞"))
}

func (s Step) lower() float64 {
	if s.Lower == nil {
		return math.Inf(-1)
	}
	return *s.Lower
}

func (s Step) upper() float64 {
	if s.Upper == nil {
		return math.Inf(1)
	}
	return *s.Upper
}

// Refused is what AWS says no to when the steps are put: each line is one reason.
func Refused(steps []Step) []string {
	var out []string
	if len(steps) == 0 {
		return []string{"there is no step"}
	}
	sorted := slices.SortedFunc(slices.Values(steps), func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.lower(), b.lower()), cmp.Compare(a.upper(), b.upper()))
	})
	first, last := 0, 0
	for _, s := range sorted {
		if s.Lower == nil {
			first++
		}
		if s.Upper == nil {
			last++
		}
		if s.Lower == nil && s.Upper == nil && len(sorted) > 1 {
			out = append(out, "a step without both ends stands beside others")
		}
		if s.lower() >= s.upper() {
			out = append(out, fmt.Sprintf("step %s ends before it begins", s))
		}
	}
	if first > 1 {
		out = append(out, "two steps have no lower end")
	}
	if last > 1 {
		out = append(out, "two steps have no upper end")
	}
	if first == 0 && sorted[0].lower() < 0 {
		out = append(out, fmt.Sprintf("step %s lies below the threshold, so one step must have no lower end", sorted[0]))
	}
	if end := sorted[len(sorted)-1]; last == 0 && end.upper() > 0 {
		out = append(out, fmt.Sprintf("step %s lies above the threshold, so one step must have no upper end", end))
	}
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		switch {
		case a.upper() > b.lower():
			out = append(out, fmt.Sprintf("steps %s and %s overlap", a, b))
		case a.upper() < b.lower():
			out = append(out, fmt.Sprintf("between steps %s and %s is a gap", a, b))
		}
	}
	return out
}

// Uncovered is where an alarm may be with its metric, relative to its threshold, without a step: AWS
// takes such a policy and fails with "No step adjustment found for metric value" when it matters.
func Uncovered(steps []Step, above bool) []string {
	from, to := 0.0, math.Inf(1)
	if !above {
		from, to = math.Inf(-1), 0
	}
	sorted := slices.SortedFunc(slices.Values(steps), func(a, b Step) int { return cmp.Compare(a.lower(), b.lower()) })
	var out []string
	at := from
	for _, s := range sorted {
		if s.lower() > at && at < to {
			out = append(out, fmt.Sprintf("no step from %g to %g", at, min(s.lower(), to)))
		}
		at = max(at, s.upper())
	}
	if at < to {
		out = append(out, fmt.Sprintf("no step from %g on", at))
	}
	return out
}

// stepScaling holds each step scaling policy, and the alarms that start it, to AWS's rules.
func stepScaling(p *Plan) []Finding {
	var out []Finding
	for _, r := range p.of("aws_appautoscaling_policy") {
		for _, c := range blocks(r.Values, "step_scaling_policy_configuration") {
			steps := stepsOf(c)
			for _, why := range Refused(steps) {
				out = append(out, Finding{Address: r.Address, Message: why, Fix: "let each step begin where the one before ends, and the outer ones have no end"})
			}
			out = append(out, p.alarmsOf(r, steps)...)
		}
	}
	return out
}

func stepsOf(config map[string]any) []Step {
	var list []Step
	for _, b := range blocks(config, "step_adjustment") {
		s := Step{}
		if v, ok := number(b["metric_interval_lower_bound"]); ok {
			s.Lower = &v
		}
		if v, ok := number(b["metric_interval_upper_bound"]); ok {
			s.Upper = &v
		}
		s.Adjustment, _ = number(b["scaling_adjustment"])
		list = append(list, s)
	}
	return list
}

// standard is the resolution of the metrics that services send by themselves, in seconds.
const standard = 60

func (p *Plan) alarmsOf(policy *Resource, steps []Step) []Finding {
	var out []Finding
	started := false
	for _, a := range p.of("aws_cloudwatch_metric_alarm") {
		if !slices.Contains(p.linked(a, "alarm_actions", policy.Type), policy) {
			continue
		}
		started = true
		above := text(a.Values, "comparison_operator") == "GreaterThanThreshold" || text(a.Values, "comparison_operator") == "GreaterThanOrEqualToThreshold"
		for _, hole := range Uncovered(steps, above) {
			out = append(out, Finding{Address: policy.Address, Message: fmt.Sprintf("%s of what starts it (%s)", hole, a.Address), Fix: "leave the outer bound out"})
		}
		for _, s := range steps {
			if above && s.upper() > 0 && s.Adjustment < 0 || !above && s.lower() < 0 && s.Adjustment > 0 {
				out = append(out, Finding{Address: policy.Address, Message: fmt.Sprintf("step %s goes against its alarm", s), Fix: "add above a threshold, take away below"})
			}
		}
		period, known := number(a.Values["period"])
		if ns := text(a.Values, "namespace"); known && period < standard && len(ns) > 4 && ns[:4] == "AWS/" {
			out = append(out, Finding{Address: a.Address, Message: fmt.Sprintf("looks each %g s at a metric that comes each %d s", period, standard), Fix: "use 60 s, or a finer metric"})
		}
	}
	if !started {
		out = append(out, Finding{Address: policy.Address, Message: "no alarm starts it", Fix: "name it in an alarm's alarm_actions"})
	}
	return out
}
