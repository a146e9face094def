package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the engine of the embedded database
)

// bareHandler serves one body from memory with net/http and nothing else: the limit of a page.
func bareHandler(ctx context.Context, args []string) error {
	var listen, file, kind, coding string
	flags := flag.NewFlagSet("bare-handler", flag.ContinueOnError)
	flags.StringVar(&listen, "listen", "", "address")
	flags.StringVar(&file, "body", "", "file with the body")
	flags.StringVar(&kind, "type", "", "Content-Type")
	flags.StringVar(&coding, "encoding", "", "Content-Encoding")
	if err := flags.Parse(args); err != nil {
		return err
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	length := fmt.Sprint(len(body))
	s := &http.Server{Addr: listen, ReadHeaderTimeout: callWithin, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Encoding", coding)
		h.Set("Content-Length", length)
		_, _ = w.Write(body) // a client that went away needs no answer
	})}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// bareInsert writes rows of a comment's size, one to a transaction, as the embedded database is set
// up: the limit of a comment. It prints how many it wrote in a second.
func bareInsert(ctx context.Context, args []string) error {
	var file string
	var d time.Duration
	flags := flag.NewFlagSet("bare-insert", flag.ContinueOnError)
	flags.StringVar(&file, "file", "", "database to make")
	flags.DurationVar(&d, "for", time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=journal_size_limit(67108864)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS comments (id INTEGER PRIMARY KEY AUTOINCREMENT, post_id BIGINT NOT NULL,
		author_id BIGINT NOT NULL, lang TEXT NOT NULL, created_at BIGINT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, body TEXT NOT NULL)`); err != nil {
		return err
	}
	insert, err := db.PrepareContext(ctx, `INSERT INTO comments (post_id, author_id, lang, created_at, text, html, body) VALUES ($1, $2, 'en', $3, $4, $5, $4)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	n, began := 0, time.Now()
	for time.Since(began) < d {
		body := commentText(n)
		if _, err := insert.ExecContext(ctx, n%400, n%60, began.UnixMicro(), body, "<p>"+body+"</p>"); err != nil {
			return err
		}
		n++
	}
	_, err = fmt.Printf("%.1f\n", float64(n)/time.Since(began).Seconds())
	return err
}

// commentText is a comment of usual length, none like the other.
func commentText(n int) string {
	words := strings.Fields("the bridge of this stage gets me every single time and I have read this thread again from the first page on")
	from := n % len(words)
	return fmt.Sprintf("%s %s — number %d.", strings.Join(words[from:], " "), strings.Join(words[:from], " "), n)
}
