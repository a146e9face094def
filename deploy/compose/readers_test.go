//go:build stack

package compose_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// readers ask for pages at a steady pace, whatever becomes of what they asked before. One whose POP
// fails asks the other, as browsers do of a name with two addresses.
type readers struct {
	pages []string
	stop  context.CancelFunc
	done  sync.WaitGroup

	mu  sync.Mutex // guards what they saw
	saw figures
	why []string // of failures, the first few
}

type figures struct {
	asked, second, failed int
	slowest               time.Duration
}

const pace = 40 * time.Millisecond

func startReaders(pages []string) *readers {
	ctx, stop := context.WithCancel(context.Background())
	r := &readers{pages: pages, stop: stop}
	r.done.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			r.done.Go(func() { r.read(n) })
		}
	})
	return r
}

func (r *readers) read(n int) {
	page, began := r.pages[n/2%len(r.pages)], time.Now()
	err := get(pops[n%2], page)
	retried := err != nil
	if retried {
		err = get(pops[(n+1)%2], page)
	}
	took := time.Since(began)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saw.asked++
	r.saw.slowest = max(r.saw.slowest, took)
	if retried {
		r.saw.second++
	}
	if err != nil {
		r.saw.failed++
		if len(r.why) < 5 {
			r.why = append(r.why, fmt.Sprintf("%s: %v", page, err))
		}
	}
}

func get(pop, page string) error {
	res, err := reader.Get(pop + page)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s from %s", res.Status, res.Header.Get("X-Pop"))
	}
	return nil
}

// end waits for those who still read.
func (r *readers) end() (figures, []string) {
	r.stop()
	r.done.Wait()
	return r.saw, r.why
}
