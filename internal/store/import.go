package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"lightstick/internal/markup"
	"lightstick/internal/media"
)

// ImportOptions say where pictures go.
type ImportOptions struct {
	Blobs media.Blobs // nil: pictures in the file are passed over
	// Progress hears now and then how many lines of a kind are done. It may be nil.
	Progress func(kind string, done int64)
}

// BadLine is a line that cannot be imported. Nothing of the file was.
type BadLine struct {
	Line int64
	Err  error
}

func (b *BadLine) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Err) }
func (b *BadLine) Unwrap() error { return b.Err }

// ErrNotEmpty says that there is a community already.
var ErrNotEmpty = errors.New("the site is not empty")

const (
	importBatch = 1000
	// Longest lines: a row, and one with the largest picture in base64.
	maxRowLine  = 8 << 20
	maxBlobLine = 96 << 20
	// Larger ids are no numbers to scripts, and leave too few for those to come.
	maxID = 1 << 52
)

// Import stores what [Store.Export] wrote into an empty community with its schema in place, in one pass and
// one transaction: all of it, or nothing. Ids stay; counters, ranks and the search index are made anew. A
// line that is wrong is a *BadLine. It takes little memory, however much there is.
func (s *Store) Import(ctx context.Context, from io.Reader, o ImportOptions) (Counts, error) {
	schema, err := s.Schema(ctx)
	if err != nil {
		return nil, err
	}
	p := &parser{in: bufio.NewReaderSize(from, 1<<16), schema: schema, tables: map[string]int{}, counts: Counts{}, blobs: o.Blobs, tell: teller(o.Progress),
		to: make(chan *importRows, 2)}
	for i, t := range exported() {
		p.list = append(p.list, t)
		p.tables[t.kind] = i
	}
	err = s.whole(ctx, func(t *tx) error {
		if err := t.mustBeEmpty(ctx, p.list); err != nil {
			return err
		}
		g, both := errgroup.WithContext(ctx)
		g.Go(func() error { defer close(p.to); return p.run(both) })
		g.Go(func() error {
			for rows := range p.to {
				if err := rows.store(both, t); err != nil {
					return err
				}
			}
			return nil
		})
		if err := g.Wait(); err != nil {
			return err
		}
		return t.derive(ctx, p.list, p.tell)
	})
	if err != nil {
		return nil, err
	}
	return p.counts, nil
}

func (t *tx) mustBeEmpty(ctx context.Context, list []exportTable) error {
	for _, table := range list {
		n, err := collect(ctx, t.q, value[int64], `SELECT 1 FROM `+table.table+` LIMIT 1`)
		if err != nil {
			return err
		}
		if len(n) > 0 {
			return fmt.Errorf("%w: there are rows in %s", ErrNotEmpty, table.table)
		}
	}
	return nil
}

// parser reads and checks lines, and hands them on in batches of one table.
type parser struct {
	in     *bufio.Reader
	line   []byte
	number int64
	schema int64
	header header
	list   []exportTable
	tables map[string]int // index in list, by kind
	at     int            // the table under way
	lastID int64
	next   *importRows
	to     chan *importRows
	counts Counts
	blobs  media.Blobs
	tell   func(string, int64)
	ended  bool
}

// importRows are rows of one table, ready to be stored.
type importRows struct {
	table exportTable
	rows  [][]any
	lines []int64 // their numbers
}

func (p *parser) run(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.read(); err == io.EOF {
			break
		} else if err != nil {
			return &BadLine{p.number, err}
		}
		if err := p.take(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return &BadLine{p.number, err}
		}
	}
	switch {
	case p.number == 0:
		return errors.New("the file is empty")
	case !p.ended:
		return &BadLine{p.number, errors.New(`the file ends without its last line ("type":"end"): it is cut off`)}
	}
	return p.send(ctx)
}

// read takes the next line.
func (p *parser) read() error {
	p.line = p.line[:0]
	for {
		part, err := p.in.ReadSlice('\n')
		p.line = append(p.line, part...)
		if len(p.line) > maxBlobLine || len(p.line) > maxRowLine && !bytes.HasPrefix(p.line, []byte(`{"type":"`+blobKind+`"`)) {
			p.number++
			return errors.New("the line is too long")
		}
		switch {
		case err == nil:
			p.number++
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(p.line) > 0:
			p.number++
			return errors.New("the line is cut off")
		case err == io.EOF:
			return io.EOF
		default:
			p.number++
			return err
		}
	}
}

// take checks the line and puts it where it belongs.
func (p *parser) take(ctx context.Context) error {
	if !utf8.Valid(p.line) {
		return errors.New("this is not UTF-8")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(p.line, &fields); err != nil {
		return fmt.Errorf("this is not a JSON object: %w", err)
	}
	kind, err := textOf(fields["type"])
	if err != nil {
		return fmt.Errorf("type: %w", err)
	}
	switch {
	case p.ended:
		return errors.New("there is something after the last line")
	case p.number == 1:
		return p.begin(kind)
	case kind == endKind:
		return p.end()
	case kind == blobKind:
		return p.blob(ctx)
	}
	return p.row(ctx, kind, fields)
}

func (p *parser) begin(kind string) error {
	if kind != headerKind {
		return fmt.Errorf("an export begins with a line of type %q", headerKind)
	}
	if err := json.Unmarshal(p.line, &p.header); err != nil {
		return err
	}
	if p.header.Format != exportFormat {
		return fmt.Errorf("format %d: this version reads format %d", p.header.Format, exportFormat)
	}
	if p.header.Schema != p.schema {
		return fmt.Errorf("the export is of schema %d and this site has %d: import it with the version that wrote it, then migrate", p.header.Schema, p.schema)
	}
	for i, t := range p.list {
		p.list[i] = t.visible(p.header.Secrets)
	}
	return nil
}

func (p *parser) end() error {
	var t trailer
	if err := json.Unmarshal(p.line, &t); err != nil {
		return err
	}
	for kind := range p.tables {
		if t.Counts[kind] != p.counts[kind] {
			return fmt.Errorf("%d lines of type %q were written and %d read", t.Counts[kind], kind, p.counts[kind])
		}
	}
	if t.Counts[blobKind] != p.counts[blobKind] {
		return fmt.Errorf("%d pictures were written and %d read", t.Counts[blobKind], p.counts[blobKind])
	}
	p.ended = true
	return nil
}

func (p *parser) blob(ctx context.Context) error {
	var b struct {
		Key         string `json:"key"`
		ContentType string `json:"content_type"`
		Size        int64  `json:"size"`
		Data        []byte `json:"data"`
	}
	if err := json.Unmarshal(p.line, &b); err != nil {
		return err
	}
	if !p.header.Media {
		return errors.New("a picture in an export without media")
	}
	if int64(len(b.Data)) != b.Size {
		return fmt.Errorf("%d bytes of a picture of %d", len(b.Data), b.Size)
	}
	if p.blobs != nil {
		if err := p.blobs.Put(ctx, b.Key, bytes.NewReader(b.Data), b.Size, b.ContentType); err != nil {
			return err
		}
	}
	p.count(blobKind)
	return nil
}

func (p *parser) count(kind string) {
	p.counts[kind]++
	if p.counts[kind]%tellEvery == 0 {
		p.tell(kind, p.counts[kind])
	}
}

func (p *parser) row(ctx context.Context, kind string, fields map[string]json.RawMessage) error {
	i, known := p.tables[kind]
	switch {
	case !known:
		return fmt.Errorf("unknown type %q", kind)
	case i < p.at:
		return fmt.Errorf("a line of type %q after those of type %q", kind, p.list[p.at].kind)
	case p.list[i].secret && !p.header.Secrets:
		return fmt.Errorf("a line of type %q in an export without secrets", kind)
	}
	if i != p.at || p.next == nil || len(p.next.rows) == importBatch {
		if err := p.send(ctx); err != nil {
			return err
		}
		if i != p.at {
			p.at, p.lastID = i, 0
		}
		p.next = &importRows{table: p.list[i]}
	}
	row, err := p.list[i].parse(fields)
	if err != nil {
		return err
	}
	if p.list[i].numbered() {
		if id := row[0].(int64); id <= p.lastID {
			return fmt.Errorf("id: %d does not come after %d", id, p.lastID)
		} else {
			p.lastID = id
		}
	}
	p.next.rows, p.next.lines = append(p.next.rows, row), append(p.next.lines, p.number)
	p.count(kind)
	return nil
}

// send hands the batch under way to the one who stores.
func (p *parser) send(ctx context.Context) error {
	if p.next == nil {
		return nil
	}
	select {
	case p.to <- p.next:
		p.next = nil
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parse makes the arguments of an insert.
func (t *exportTable) parse(fields map[string]json.RawMessage) ([]any, error) {
	row := make([]any, len(t.columns))
	for i, c := range t.columns {
		raw, there := fields[c.name]
		if !there {
			return nil, fmt.Errorf("%s: missing", c.name)
		}
		v, err := c.parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		row[i] = v
	}
	if len(fields) == len(t.columns)+1 {
		return row, nil
	}
	for name := range fields {
		if name != "type" && t.column(name) < 0 {
			return nil, fmt.Errorf("unknown field %q", name)
		}
	}
	return row, nil
}

func (c exportColumn) parse(raw json.RawMessage) (any, error) {
	switch c.kind {
	case textColumn:
		return textOf(raw)
	case htmlColumn:
		html, err := textOf(raw)
		return markup.Sanitise(html), err
	case linkColumn:
		return linkOf(raw)
	case boolColumn:
		if text := string(raw); text != "true" && text != "false" {
			return nil, fmt.Errorf("%.30s is neither true nor false", raw)
		}
		return raw[0] == 't', nil
	case bytesColumn:
		text, err := textOf(raw)
		if err != nil {
			return nil, err
		}
		b, err := base64.StdEncoding.DecodeString(text)
		if b == nil {
			b = []byte{}
		}
		return b, err
	case timeColumn:
		return timeOf(raw)
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%.30s is not an integer", raw)
	case c.below > 0 && (n < 0 || n >= c.below), c.name == "id" && (n <= 0 || n > maxID), c.refers != "" && (n < 0 || n == 0 && !c.optional):
		return nil, fmt.Errorf("%d cannot be", n)
	}
	return n, nil
}

func textOf(raw json.RawMessage) (s string, err error) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", fmt.Errorf("%.30s is not a string", raw)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", err
	}
	if strings.ContainsRune(s, 0) {
		return "", errors.New("there is a NUL in it")
	}
	return s, nil
}

// linkOf reads an address that a page leads to, "" for none.
func linkOf(raw json.RawMessage) (string, error) {
	text, err := textOf(raw)
	if err != nil || text == "" {
		return text, err
	}
	u, err := url.Parse(text) // which refuses control characters
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", fmt.Errorf("%.60q is no web address", text)
	}
	return text, nil
}

func timeOf(raw json.RawMessage) (int64, error) {
	if string(raw) == "null" {
		return 0, nil
	}
	text, err := textOf(raw)
	if err != nil {
		return 0, err
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a time such as 2026-03-01T12:00:00Z", text)
	}
	return at.UnixMicro(), nil
}
