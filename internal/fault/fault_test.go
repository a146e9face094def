package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lightstick/internal/fault"
)

func TestACauseIsNeverShown(t *testing.T) {
	cause := errors.New("pq: password of user admin is hunter2")
	for name, err := range map[string]error{
		"plain": cause, "wrapped": fmt.Errorf("query: %w", cause),
		"fault": fault.Wrap(cause, fault.Unavailable, "storage", "The site cannot write now."),
	} {
		f := fault.From(err)
		if strings.Contains(f.Message, "hunter2") {
			t.Errorf("%s: the message tells the cause: %q", name, f.Message)
		}
		if !errors.Is(f, cause) {
			t.Errorf("%s: the cause is lost to the log", name)
		}
	}
}

func TestFromKnowsDeadlines(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	<-ctx.Done()
	f := fault.From(fmt.Errorf("read: %w", ctx.Err()))
	if f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Fatalf("%+v", f)
	}
	if k := fault.KindOf(errors.New("x")); k != fault.Internal || k.Status() != 500 {
		t.Fatalf("%v", k)
	}
}

func TestFieldsAreToldAllAtOnce(t *testing.T) {
	var f fault.Fields
	if f.Err() != nil {
		t.Fatal("nothing noted is an error")
	}
	f.Add("title", "too_long", "Use at most {max} characters.", "max", 120)
	f.Add("body", "required", "Please fill this in.")
	err := fault.From(f.Err())
	if err.Kind.Status() != 422 || len(err.Fields) != 2 || err.Fields[0].Message != "Use at most 120 characters." {
		t.Fatalf("%+v", err)
	}
}

func TestFillSaysTimesInUTC(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.FixedZone("KST", 9*3600))
	if got := fault.Fill("until {until}, {n} left, {unknown}", fault.Params{"until": at, "n": 2}); got != "until 2026-03-01 00:30 UTC, 2 left, {unknown}" {
		t.Fatalf("%q", got)
	}
}

func TestEveryKindHasAStatusAndName(t *testing.T) {
	seen := map[string]bool{}
	for k := fault.Internal; k <= fault.URITooLong; k++ {
		if k.Status() < 400 || k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d: %q %d", k, k, k.Status())
		}
		seen[k.String()] = true
	}
}
