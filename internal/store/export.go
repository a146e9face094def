package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"

	"lightstick/internal/fault"
	"lightstick/internal/media"
)

// The first and the last line of an export, and the line of a picture; see docs/export-format.md.
const (
	exportFormat = 1
	headerKind   = "lightstick"
	blobKind     = "blob"
	endKind      = "end"
)

// ExportOptions say what an export holds besides the community.
type ExportOptions struct {
	Secrets bool        // hashes of passwords, sessions and tokens, and the keys of requests already answered
	Blobs   media.Blobs // nil: pictures are named, not contained
	// Progress hears now and then how many lines of a kind are done. It may be nil.
	Progress func(kind string, done int64)
}

// Counts are how many lines there are of each kind.
type Counts map[string]int64

// header is the first line.
type header struct {
	Type       string    `json:"type"`
	Format     int       `json:"format"`
	Schema     int64     `json:"schema"`
	ExportedAt time.Time `json:"exported_at"`
	Secrets    bool      `json:"secrets"`
	Media      bool      `json:"media"`
}

// trailer is the last line.
type trailer struct {
	Type   string `json:"type"`
	Counts Counts `json:"counts"`
}

// Export writes the community as it is at one moment, one JSON object a line, and holds no writer up. It
// takes little memory, however much there is.
func (s *Store) Export(ctx context.Context, to io.Writer, o ExportOptions) (Counts, error) {
	schema, err := s.Schema(ctx)
	if err != nil {
		return nil, err
	}
	e := &exporter{out: bufio.NewWriterSize(to, 1<<16), counts: Counts{}, progress: teller(o.Progress)}
	if err := e.object(header{headerKind, exportFormat, schema, s.now().UTC(), o.Secrets, o.Blobs != nil}); err != nil {
		return nil, err
	}
	err = s.snapshot(ctx, func(q querier, _ string) error {
		for _, t := range exported() {
			if t.secret && !o.Secrets {
				continue
			}
			if err := e.table(ctx, q, t.visible(o.Secrets)); err != nil {
				return fmt.Errorf("export %s: %w", t.table, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if o.Blobs != nil {
		if err := e.blobs(ctx, o.Blobs); err != nil {
			return nil, fmt.Errorf("export pictures: %w", err)
		}
	}
	if err := e.object(trailer{endKind, maps.Clone(e.counts)}); err != nil {
		return nil, err
	}
	return e.counts, e.out.Flush()
}

// Schema is the version of the schema that the database has.
func (s *Store) Schema(ctx context.Context) (int64, error) {
	return first(ctx, s.q, nil, value[int64], `SELECT coalesce(max(version_id), 0) FROM `+goose.DefaultTablename+` WHERE is_applied`)
}

// visible is the table without its secrets, unless they are wanted.
func (t exportTable) visible(secrets bool) exportTable {
	if secrets {
		return t
	}
	var open []exportColumn
	for _, c := range t.columns {
		if !c.secret {
			open = append(open, c)
		}
	}
	t.columns = open
	return t
}

func teller(tell func(string, int64)) func(string, int64) {
	if tell == nil {
		return func(string, int64) {}
	}
	return tell
}

// tellEvery is how many lines lie between two words about the progress.
const tellEvery = 10_000

type exporter struct {
	out      *bufio.Writer
	line     bytes.Buffer
	counts   Counts
	progress func(string, int64)
}

// object writes a line that is no row.
func (e *exporter) object(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = e.out.Write(append(b, '\n'))
	return err
}

func (e *exporter) table(ctx context.Context, q querier, t exportTable) error {
	rs, err := q.query(ctx, `SELECT `+t.names()+` FROM `+t.table+` ORDER BY `+t.key)
	if err != nil {
		return err
	}
	defer rs.Close()
	row := newExportRow(t)
	for rs.Next() {
		if err := rs.Scan(row.into...); err != nil {
			return err
		}
		e.line.Reset()
		if err := row.write(&e.line); err != nil {
			return err
		}
		if _, err := e.out.Write(e.line.Bytes()); err != nil {
			return err
		}
		if err := e.count(ctx, t.kind); err != nil {
			return err
		}
	}
	return rs.Err()
}

func (e *exporter) count(ctx context.Context, kind string) error {
	e.counts[kind]++
	if e.counts[kind]%tellEvery == 0 {
		e.progress(kind, e.counts[kind])
	}
	return ctx.Err()
}

// blobs writes the pictures that are there, after the rows: whatever a row names was stored before it.
func (e *exporter) blobs(ctx context.Context, from media.Blobs) error {
	return from.List(ctx, func(key string, _ time.Time) error {
		b, err := from.Get(ctx, key)
		if fault.KindOf(err) == fault.NotFound { // deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		defer b.Body.Close()
		fmt.Fprintf(e.out, `{"type":%q,"key":%q,"content_type":%q,"size":%d,"data":"`, blobKind, key, b.ContentType, b.Size)
		enc := base64.NewEncoder(base64.StdEncoding, e.out)
		if n, err := io.Copy(enc, b.Body); err != nil || n != b.Size {
			return fmt.Errorf("%s: read %d of %d bytes: %w", key, n, b.Size, err)
		}
		if err := enc.Close(); err != nil {
			return err
		}
		if _, err := e.out.WriteString("\"}\n"); err != nil {
			return err
		}
		return e.count(ctx, blobKind)
	})
}

// exportRow is one row on its way from the database into a line.
type exportRow struct {
	table exportTable
	into  []any // to scan into
	text  *json.Encoder
	to    *bytes.Buffer
}

func newExportRow(t exportTable) *exportRow {
	r := &exportRow{table: t}
	for _, c := range t.columns {
		switch c.kind {
		case textColumn, htmlColumn, linkColumn:
			r.into = append(r.into, new(string))
		case boolColumn:
			r.into = append(r.into, new(bool))
		case bytesColumn:
			r.into = append(r.into, new([]byte))
		default:
			r.into = append(r.into, new(int64))
		}
	}
	return r
}

func (r *exportRow) write(to *bytes.Buffer) error {
	if r.to != to {
		r.to, r.text = to, json.NewEncoder(to)
		r.text.SetEscapeHTML(false)
	}
	to.WriteString(`{"type":"` + r.table.kind + `"`)
	for i, c := range r.table.columns {
		to.WriteString(`,"` + c.name + `":`)
		if err := r.value(c.kind, r.into[i]); err != nil {
			return err
		}
	}
	to.WriteString("}\n")
	return nil
}

func (r *exportRow) value(kind columnKind, v any) error {
	switch v := v.(type) {
	case *string:
		if err := r.text.Encode(*v); err != nil {
			return err
		}
		r.to.Truncate(r.to.Len() - 1) // the encoder ends the line
	case *bool:
		r.to.Write(strconv.AppendBool(r.to.AvailableBuffer(), *v))
	case *[]byte:
		r.to.WriteString(`"` + base64.StdEncoding.EncodeToString(*v) + `"`)
	case *int64:
		switch {
		case kind == intColumn:
			r.to.Write(strconv.AppendInt(r.to.AvailableBuffer(), *v, 10))
		case *v == 0:
			r.to.WriteString("null")
		default:
			r.to.WriteString(time.UnixMicro(*v).UTC().Format(`"` + time.RFC3339Nano + `"`))
		}
	}
	return nil
}
