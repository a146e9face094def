package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// crowdAtOnce is how many members write under one post at once.
const crowdAtOnce = 64

// hotPost measures comments on one post through HTTP on PostgreSQL against what most boards do:
// insert the comment and count it on the row of its post, in one transaction. Its row lock is held
// until the commit is on disk, so all writers wait for each other. Both have one core for what
// talks to the database, and the database has what it likes.
func (b *bench) hotPost(ctx context.Context) (err error) {
	p, err := b.startPostgres(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	dir, err := os.MkdirTemp(b.scratch, "hotpost-")
	if err != nil {
		return err
	}
	n := b.size(crowd)
	demo := exec.CommandContext(ctx, b.binary, "demo", "--data", dir, "--database", p.url("lightstick"),
		"--posts", strconv.Itoa(n.posts), "--comments", strconv.Itoa(n.comments), "--members", strconv.Itoa(n.members))
	for _, cmd := range []*exec.Cmd{exec.CommandContext(ctx, b.binary, "migrate", "--database", p.url("lightstick")), demo} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	k, err := keysOf(ctx, p.url("lightstick"))
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, dir, "/readyz", "--database", p.url("lightstick"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	var limits, rates, slow []float64
	refused, asked := 0, 0
	for i := range b.rounds + 1 {
		if err := s.settle(ctx); err != nil {
			return err
		}
		limit, err := b.naive(ctx, p)
		if err != nil {
			return err
		}
		from := k.sent
		w, err := load(ctx, s, crowdAtOnce, b.window, http.StatusCreated, func(i int) []byte { return k.comment(from+i, 1) })
		if err != nil {
			return err
		}
		k.sent += w.requests + crowdAtOnce
		if i > 0 {
			limits, rates = append(limits, limit), append(rates, w.perSecond())
			slow = append(slow, percentile(w.times, 0.99).Seconds()*1000)
			refused, asked = refused+w.refused, asked+w.requests
		}
	}
	b.rows = append(b.rows, atLeast(fmt.Sprintf("comments on one post through HTTP, PostgreSQL, %d writers, against insert + counter", crowdAtOnce), "/s", median(limits), median(rates), 5),
		shown("  the p99 of such a comment", " ms", median(slow)),
		shown("  refused at first, for want of a place", " %", 100*float64(refused)/float64(asked)))
	return nil
}

// naive runs the limit on the core that Lightstick has otherwise.
func (b *bench) naive(ctx context.Context, p *postgres) (float64, error) {
	argv := []string{b.self, "naive-comment", "-database", p.url("lightstick"), "-for", b.window.String()}
	if _, err := exec.LookPath("taskset"); err == nil {
		argv = append([]string{"taskset", "-c", "0"}, argv...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("naive comment: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// naiveComment is the transaction of a board that counts as it writes, by crowdAtOnce writers on
// connections of their own. It prints how many were committed in a second.
func naiveComment(ctx context.Context, args []string) error {
	var database string
	var d time.Duration
	flags := flag.NewFlagSet("naive-comment", flag.ContinueOnError)
	flags.StringVar(&database, "database", "", "PostgreSQL to use; its table naive_comments is made anew")
	flags.DurationVar(&d, "for", time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	conns := make([]*pgx.Conn, crowdAtOnce)
	for i := range conns {
		var err error
		if conns[i], err = pgx.Connect(ctx, database); err != nil {
			return err
		}
		defer conns[i].Close(ctx)
	}
	if _, err := conns[0].Exec(ctx, `DROP TABLE IF EXISTS naive_comments, naive_posts;
		CREATE TABLE naive_posts (id bigint PRIMARY KEY, comments bigint NOT NULL);
		CREATE TABLE naive_comments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, post_id bigint NOT NULL REFERENCES naive_posts,
			author_id bigint NOT NULL, lang text NOT NULL, created_at bigint NOT NULL, text text NOT NULL, html text NOT NULL, body text NOT NULL);
		CREATE INDEX ON naive_comments (post_id, id);
		INSERT INTO naive_posts VALUES (1, 0)`); err != nil {
		return err
	}
	var done atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, len(conns))
	began := time.Now()
	for i, conn := range conns {
		group.Go(func() {
			for errs[i] == nil && time.Since(began) < d {
				errs[i] = naiveOne(ctx, conn, int(done.Add(1)))
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := fmt.Printf("%.1f\n", float64(done.Load())/took.Seconds())
	return err
}

func naiveOne(ctx context.Context, conn *pgx.Conn, n int) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		body := commentText(n)
		if _, err := tx.Exec(ctx, `INSERT INTO naive_comments (post_id, author_id, lang, created_at, text, html, body) VALUES (1, $1, 'en', $2, $3, $4, $3)`,
			n%60, n, body, "<p>"+body+"</p>"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE naive_posts SET comments = comments + 1 WHERE id = 1`)
		return err
	})
}
