package ops

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// metric is the sum of a metric's values over the series whose labels hold all of want.
func metric(ctx context.Context, url, name string, want ...string) (sum float64, err error) {
	return folded(ctx, url, name, func(a, b float64) float64 { return a + b }, want...)
}

// largest is the largest of a metric's values.
func largest(ctx context.Context, url, name string) (float64, error) {
	return folded(ctx, url, name, func(a, b float64) float64 { return max(a, b) })
}

func folded(ctx context.Context, url, name string, fold func(a, b float64) float64, want ...string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	return foldMetric(raw, name, fold, want...)
}

// foldMetric reads the text form of metrics.
func foldMetric(raw []byte, name string, fold func(a, b float64) float64, want ...string) (result float64, err error) {
	for line := range bytes.Lines(raw) {
		text := strings.TrimSpace(string(line))
		after, ok := strings.CutPrefix(text, name)
		if !ok || after == "" || after[0] != '{' && after[0] != ' ' {
			continue
		}
		at := strings.LastIndexByte(text, ' ')
		fits := true
		for _, w := range want {
			fits = fits && strings.Contains(text[:at], w)
		}
		if !fits {
			continue
		}
		v, err := strconv.ParseFloat(text[at+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", text, err)
		}
		result = fold(result, v)
	}
	return result, nil
}
