package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"lightstick/internal/forum"
	"lightstick/internal/identity"
	"lightstick/internal/store"
)

// The worlds, made by `lightstick demo` once and kept. Measurements that write get a copy.
const (
	small = "small" // 1,000 comments
	usual = "usual" // 4,000 comments: the demo world as it is
	crowd = "crowd" // the usual posts, with members enough to write much without meeting a limit
	large = "large" // 1,000,000 comments
)

const crowdMembers = 3000

// size of a world.
type size struct{ posts, comments, members int }

func (b *bench) size(name string) size {
	return map[string]size{
		small: {20, 1000, 60}, usual: {400, 4000, 60}, crowd: {400, 4000, crowdMembers}, large: {b.large / 50, b.large, 60},
	}[name]
}

func (b *bench) worlds(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := b.world(ctx, name, b.size(name)); err != nil {
			return fmt.Errorf("make the %s world: %w", name, err)
		}
	}
	return nil
}

// world makes a world unless one of this size and schema is there. It appears complete or not at all.
func (b *bench) world(ctx context.Context, name string, n size) error {
	schema, err := b.schema(ctx)
	if err != nil {
		return err
	}
	size := fmt.Sprintf("%d posts, %d comments, %d members", n.posts, n.comments, n.members)
	content := size + "\nschema " + schema + "\n"
	dir := filepath.Join(b.data, name)
	mark := filepath.Join(dir, "bench-size")
	if have, err := os.ReadFile(mark); err == nil && string(have) == content {
		return nil
	}
	b.say("making the %s world (kept in %s): %s", name, dir, size)
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.binary, "demo", "--data", fresh, "--posts", strconv.Itoa(n.posts), "--comments", strconv.Itoa(n.comments), "--members", strconv.Itoa(n.members))
	cmd.Stdout, cmd.Stderr = &sparse{out: os.Stderr, every: 10 * time.Second}, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, "bench-size"), []byte(content), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(fresh, dir)
}

// schema tells one state of the database schema from another.
func (b *bench) schema(ctx context.Context) (digest string, err error) {
	dir, err := os.MkdirTemp(b.scratch, "schema-")
	if err != nil {
		return "", err
	}
	s, err := openWorld(ctx, dir)
	if err != nil {
		return "", err
	}
	defer s.Close()
	rows, err := s.SQLite().QueryContext(ctx, "SELECT coalesce(sql, '') FROM sqlite_master ORDER BY type, name")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	h := sha256.New()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return "", err
		}
		h.Write([]byte(text + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), rows.Err()
}

// sparse lets a line through now and then.
type sparse struct {
	out   io.Writer
	every time.Duration
	last  time.Time
}

func (s *sparse) Write(p []byte) (int, error) {
	if time.Since(s.last) < s.every {
		return len(p), nil
	}
	s.last = time.Now()
	return s.out.Write(p)
}

// fork copies a world for measurements that change it.
func (b *bench) fork(name string) (dir string, err error) {
	if dir, err = os.MkdirTemp(b.scratch, name+"-"); err != nil {
		return "", err
	}
	return dir, os.CopyFS(dir, os.DirFS(filepath.Join(b.data, name)))
}

// openWorld opens the database of a world while no server does.
func openWorld(ctx context.Context, dir string) (*store.Store, error) {
	return openStore(ctx, "sqlite:"+filepath.Join(dir, "lightstick.db"))
}

func openStore(ctx context.Context, database string) (*store.Store, error) {
	s, err := store.Open(ctx, store.Config{URL: database, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// shownComments is what a post's page shows at once.
const shownComments = 50

// fullPosts finds up to most posts, far apart in the table, whose first page is full. The posts of
// a demo world have the ids from 1 to posts; a stride that shares no factor with their number
// visits each once.
func fullPosts(ctx context.Context, s *store.Store, posts, most int) (ids []forum.ID, err error) {
	const stride = 7919
	for i := range posts {
		id := forum.ID(i*stride%posts + 1)
		list, _, err := s.Tree(ctx, id, "", shownComments)
		if err != nil {
			return nil, err
		}
		if len(list) == shownComments {
			ids = append(ids, id)
		}
		if len(ids) == most {
			break
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no post has %d comments", shownComments)
	}
	return ids, nil
}

// secret draws a token as package identity does, with the hash that is stored of it.
func secret(prefix string) (string, identity.Hash) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	token := prefix + base64.RawURLEncoding.EncodeToString(raw)
	return token, sha256.Sum256([]byte(token))
}

// tokens gives each of the first n members an API token.
func tokens(ctx context.Context, s *store.Store, n int) (list []string, err error) {
	now := time.Now()
	_, err = s.UpdateIdentity(ctx, func(tx identity.Tx) (any, error) {
		list = nil
		for m := range n {
			token, hash := secret(identity.BearerPrefix)
			t := identity.APIToken{Name: "bench", Scopes: forum.Scopes()[:2], CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour)}
			if err := tx.InsertAPIToken(ctx, forum.ID(m+1), &t, hash); err != nil {
				return nil, err
			}
			list = append(list, token)
		}
		return nil, nil
	})
	return list, err
}

// sessions makes n sessions, spread over the members.
func sessions(ctx context.Context, s *store.Store, n, members int) (list []string, err error) {
	now := time.Now()
	_, err = s.UpdateIdentity(ctx, func(tx identity.Tx) (any, error) {
		list = nil
		for i := range n {
			token, hash := secret("")
			row := identity.Session{MemberID: forum.ID(i%members + 1), CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour), UserAgent: "bench"}
			if err := tx.InsertSession(ctx, &row, hash); err != nil {
				return nil, err
			}
			list = append(list, token)
		}
		return nil, nil
	})
	return list, err
}
