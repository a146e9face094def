package store

import "context"

func sqliteDialect() *dialect {
	return &dialect{
		name:   "sqlite",
		clock:  `CAST(unixepoch('subsec') * 1000000 AS INTEGER)`,
		nextID: `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'comments'), 0) + 1`,
		// There is one writer, so every transaction is alone already.
		reserve: liteReserve,
		lock:    func(context.Context, querier, int64) error { return nil },
		tryLock: func(context.Context, querier, int64) (bool, error) { return true, nil },
		search:  liteSearch{},
	}
}

func postgresDialect() *dialect {
	return &dialect{
		name: "postgres",
		// On a replica time stands where the replay is: what has not arrived has not landed.
		clock: `(extract(epoch FROM CASE WHEN pg_is_in_recovery()
			THEN coalesce(pg_last_xact_replay_timestamp(), 'epoch') ELSE clock_timestamp() END) * 1000000)::bigint`,
		settle: pgSettle,
		nextID: `SELECT nextval('comments_id_seq')`,
		reserve: func(ctx context.Context, q querier, table string, n int) ([]int64, error) {
			return collect(ctx, q, value[int64], `SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2::int)`, table, n)
		},
		lock: func(ctx context.Context, q querier, key int64) error {
			_, err := q.exec(ctx, `SELECT pg_advisory_xact_lock($1)`, key)
			return err
		},
		tryLock: func(ctx context.Context, q querier, key int64) (bool, error) {
			list, err := collect(ctx, q, value[bool], `SELECT pg_try_advisory_xact_lock($1)`, key)
			return len(list) == 1 && list[0], err
		},
		search: pgSearch{},
	}
}

func liteReserve(ctx context.Context, q querier, table string, n int) ([]int64, error) {
	if _, err := q.exec(ctx, `INSERT INTO sqlite_sequence (name, seq) SELECT $1, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)`, table); err != nil {
		return nil, err
	}
	last, err := first(ctx, q, nil, value[int64], `UPDATE sqlite_sequence SET seq = seq + $2 WHERE name = $1 RETURNING seq`, table, n)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = last - int64(n) + 1 + int64(i)
	}
	return ids, nil
}

// Keys of advisory locks, apart from those of idempotency keys, which have the top bit set.
const (
	lockFlush int64 = 0x6c73_0001 + iota
	lockAdmins
	lockReconcile
)
