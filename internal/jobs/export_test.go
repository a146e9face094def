package jobs

// RetryAfter is the pause after the n-th failure; chance lies in [0, 1).
var RetryAfter = retryAfter
