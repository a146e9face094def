package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"lightstick/internal/media"
	"lightstick/internal/store"
)

// MoveOptions say what an export holds and where it is.
type MoveOptions struct {
	File    string // "-": standard output or input
	Secrets bool   // Export: with hashes of passwords, sessions and tokens
	Media   bool   // Export: with the pictures
	Stdin   io.Reader
	Stdout  io.Writer
	Log     io.Writer // hears how it goes
}

// Export writes the community as lines of JSON, while the site serves; see docs/export-format.md.
func Export(ctx context.Context, c Config, o MoveOptions) error {
	if err := mustExist(c); err != nil {
		return err
	}
	s, blobs, err := openForMove(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	if !o.Media {
		blobs = nil
	}
	began := time.Now()
	var counts store.Counts
	write := func(to io.Writer) (err error) {
		counts, err = s.Export(ctx, to, store.ExportOptions{Secrets: o.Secrets, Blobs: blobs, Progress: lineTeller(o.Log)})
		return err
	}
	if o.File == "-" {
		err = write(o.Stdout)
	} else {
		err = writeWhole(o.File, write)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "Exported %s in %.1f s.\n", summary(counts), time.Since(began).Seconds())
	if o.Secrets {
		fmt.Fprintln(o.Log, "It holds hashes of passwords and sessions: keep it as safe as the database.")
	}
	return nil
}

// Import fills an empty community with an export: all of it, or nothing.
func Import(ctx context.Context, c Config, o MoveOptions) error {
	from := o.Stdin
	if o.File != "-" {
		f, err := os.Open(o.File)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	s, blobs, err := openForMove(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	began := time.Now()
	counts, err := s.Import(ctx, from, store.ImportOptions{Blobs: blobs, Progress: lineTeller(o.Log)})
	switch {
	case errors.Is(err, store.ErrNotEmpty):
		return fmt.Errorf("%w: an import fills an empty one only, choose another --data or --database", err)
	case err != nil:
		return fmt.Errorf("%w; nothing was imported", err)
	}
	fmt.Fprintf(o.Log, "Imported %s in %.1f s.\n", summary(counts), time.Since(began).Seconds())
	return nil
}

func openForMove(ctx context.Context, c Config) (*store.Store, media.Blobs, error) {
	s, err := store.Open(ctx, store.Config{URL: c.Database})
	if err != nil {
		return nil, nil, err
	}
	blobs, err := openBlobs(c)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, blobs, nil
}

func lineTeller(to io.Writer) func(kind string, done int64) {
	told := time.Now()
	return func(kind string, done int64) {
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(to, "  %s: %d\n", kind, done)
		}
	}
}

// summary tells the figures that matter to people.
func summary(counts store.Counts) string {
	var said []string
	for _, kind := range [][2]string{{"fandom", "fandoms"}, {"member", "members"}, {"post", "posts"}, {"comment", "comments"}, {"reaction", "reactions"}, {"blob", "pictures"}} {
		if n := counts[kind[0]]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, kind[1]))
		}
	}
	if len(said) == 0 {
		return "an empty community"
	}
	return strings.Join(said, ", ")
}
