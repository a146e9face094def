package jobs_test

import (
	"testing"
	"time"

	"lightstick/internal/jobs"
)

func TestRetriesBackOffToAnHourWithJitter(t *testing.T) {
	for _, c := range []struct {
		n      int
		middle time.Duration
	}{{0, 2 * time.Second}, {1, 2 * time.Second}, {2, 4 * time.Second}, {5, 32 * time.Second}, {11, 2048 * time.Second}, {12, time.Hour}, {90, time.Hour}} {
		low, mid, high := jobs.RetryAfter(c.n, 0), jobs.RetryAfter(c.n, 0.5), jobs.RetryAfter(c.n, 0.999)
		if mid != c.middle || low != c.middle*3/4 || high <= mid || high > c.middle*5/4 {
			t.Errorf("after %d failures: %s, %s, %s; want %s ± 25 %%", c.n, low, mid, high, c.middle)
		}
	}
}
