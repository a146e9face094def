package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"lightstick/internal/store"
	"lightstick/internal/testkit/pgtest"
)

var update = flag.Bool("update", false, "write the golden files again")

func empties(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "new", "test.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.Empty(t)) })
}

func TestMigrateFourAtOnce(t *testing.T) {
	empties(t, func(t *testing.T, url string) {
		stores := make([]*store.Store, 4)
		for i := range stores {
			stores[i] = open(t, url, time.Now)
		}
		if n, err := stores[0].Pending(t.Context()); err != nil || n == 0 {
			t.Errorf("an empty database has %d migrations pending: %v", n, err)
		}
		var wg sync.WaitGroup
		for _, s := range stores {
			wg.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := stores[0].Pending(t.Context()); err != nil || n != 0 {
			t.Errorf("%d migrations pending: %v", n, err)
		}
		for _, s := range stores {
			if err := s.Probe(t.Context()); err != nil {
				t.Error(err)
			}
			if err := s.Warm(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSchema(t *testing.T) {
	empties(t, func(t *testing.T, url string) {
		s := open(t, url, time.Now)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []byte
		name := "sqlite"
		if p := s.Postgres(); p != nil {
			name = "postgres"
			got = dump(t, stdlib.OpenDBFromPool(p), postgresSchema)
		} else {
			got = dump(t, s.SQLite(), sqliteSchema)
		}
		golden := filepath.Join("testdata", "schema_"+name+".sql")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("the schema differs from %s; if that is meant, run the test with -update", golden)
		}
	})
}

const (
	sqliteSchema = `SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'river%' AND tbl_name NOT LIKE 'goose%'
		AND tbl_name NOT LIKE 'sqlite%' ORDER BY tbl_name, type DESC, name`
	postgresSchema = `SELECT line FROM (
		SELECT c.relname AS t, 0 AS part, a.attnum AS n, format('%s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
			CASE WHEN co.collname = 'C' THEN ' collate "C"' ELSE '' END, CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
			CASE WHEN a.attidentity <> '' THEN ' identity' ELSE coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') END) AS line
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_collation co ON co.oid = a.attcollation
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
		UNION ALL
		SELECT tablename, 1, row_number() OVER (ORDER BY indexname), indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL
		SELECT conrelid::regclass::text, 2, row_number() OVER (ORDER BY conname), format('%s %s', conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f') AS lines
		WHERE t NOT LIKE 'river%' AND t NOT LIKE 'goose%' ORDER BY t, part, n`
)

func dump(t *testing.T, db *sql.DB, query string) []byte {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out bytes.Buffer
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOpenRefusesOtherDatabases(t *testing.T) {
	for _, url := range []string{"", "mysql://x", "sqlite:", "postgres://%zz"} {
		if s, err := store.Open(t.Context(), store.Config{URL: url}); err == nil {
			s.Close()
			t.Errorf("%q was opened", url)
		}
	}
}
