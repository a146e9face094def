-- +goose Up
-- Times are microseconds since 1970 UTC, 0 for none; ids of 0 mean none. Rows that many people
-- write around (posts under comments, members under reactions) are not referenced by foreign
-- keys: PostgreSQL would lock them, and nothing here is ever deleted that others point to.
CREATE TABLE members (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  handle TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  email TEXT NOT NULL DEFAULT '',
  email_key TEXT NOT NULL DEFAULT '',
  password TEXT NOT NULL DEFAULT '',
  verified BOOLEAN NOT NULL DEFAULT FALSE,
  role TEXT NOT NULL DEFAULT 'member',
  avatar_key TEXT NOT NULL DEFAULT '',
  locale TEXT NOT NULL DEFAULT '',
  time_zone TEXT NOT NULL DEFAULT '',
  posts INTEGER NOT NULL DEFAULT 0,
  comments INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  bio TEXT NOT NULL DEFAULT '',
  bio_html TEXT NOT NULL DEFAULT ''
);
CREATE INDEX members_email ON members (email_key, id);
CREATE UNIQUE INDEX members_email_verified ON members (email_key) WHERE verified AND email_key <> '';
CREATE INDEX members_admin ON members (id) WHERE role = 'admin';

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  member_id BIGINT NOT NULL REFERENCES members (id),
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  user_agent TEXT NOT NULL,
  addr TEXT NOT NULL
);
CREATE INDEX sessions_member ON sessions (member_id, id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  member_id BIGINT NOT NULL REFERENCES members (id),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL DEFAULT 0,
  expires_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_member ON api_tokens (member_id, id);
CREATE INDEX api_tokens_expiry ON api_tokens (expires_at);

CREATE TABLE tickets (
  hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  email TEXT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tickets_member ON tickets (member_id, kind);
CREATE INDEX tickets_expiry ON tickets (expires_at);

CREATE TABLE fandoms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  accent TEXT NOT NULL,
  archived BOOLEAN NOT NULL DEFAULT FALSE,
  posts INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE boards (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fandom_id BIGINT NOT NULL REFERENCES fandoms (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  staff_only BOOLEAN NOT NULL DEFAULT FALSE,
  archived BOOLEAN NOT NULL DEFAULT FALSE,
  position INTEGER NOT NULL DEFAULT 0,
  posts INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (fandom_id, slug)
);

CREATE TABLE moderators (
  fandom_id BIGINT NOT NULL REFERENCES fandoms (id),
  member_id BIGINT NOT NULL REFERENCES members (id),
  PRIMARY KEY (fandom_id, member_id)
) WITHOUT ROWID;
CREATE INDEX moderators_member ON moderators (member_id, fandom_id);

CREATE TABLE aliases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fandom_id BIGINT NOT NULL REFERENCES fandoms (id),
  names TEXT NOT NULL
);
CREATE INDEX aliases_fandom ON aliases (fandom_id, id);

CREATE TABLE word_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fandom_id BIGINT NOT NULL,
  pattern TEXT NOT NULL,
  action TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE posts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  board_id BIGINT NOT NULL,
  fandom_id BIGINT NOT NULL,
  author_id BIGINT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  locked BOOLEAN NOT NULL DEFAULT FALSE,
  pinned BOOLEAN NOT NULL DEFAULT FALSE,
  comments INTEGER NOT NULL DEFAULT 0,
  r0 INTEGER NOT NULL DEFAULT 0,
  r1 INTEGER NOT NULL DEFAULT 0,
  r2 INTEGER NOT NULL DEFAULT 0,
  r3 INTEGER NOT NULL DEFAULT 0,
  r4 INTEGER NOT NULL DEFAULT 0,
  r5 INTEGER NOT NULL DEFAULT 0,
  score BIGINT NOT NULL DEFAULT 0,
  hot DOUBLE PRECISION NOT NULL DEFAULT 0,
  lang TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  edited_at BIGINT NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX posts_new ON posts (id) WHERE state = 0;
CREATE INDEX posts_hot ON posts (hot, id) WHERE state = 0;
CREATE INDEX posts_top ON posts (score, id) WHERE state = 0;
CREATE INDEX posts_board_new ON posts (board_id, id) WHERE state = 0;
CREATE INDEX posts_board_hot ON posts (board_id, hot, id) WHERE state = 0;
CREATE INDEX posts_board_top ON posts (board_id, score, id) WHERE state = 0;
CREATE INDEX posts_fandom_new ON posts (fandom_id, id) WHERE state = 0;
CREATE INDEX posts_fandom_hot ON posts (fandom_id, hot, id) WHERE state = 0;
CREATE INDEX posts_fandom_top ON posts (fandom_id, score, id) WHERE state = 0;
CREATE INDEX posts_author ON posts (author_id, id) WHERE state = 0;
CREATE INDEX posts_pinned ON posts (fandom_id, board_id, id) WHERE state = 0 AND pinned;

CREATE TABLE comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id BIGINT NOT NULL,
  parent_id BIGINT NOT NULL DEFAULT 0,
  depth INTEGER NOT NULL DEFAULT 0,
  path TEXT NOT NULL DEFAULT '',
  author_id BIGINT NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  r0 INTEGER NOT NULL DEFAULT 0,
  r1 INTEGER NOT NULL DEFAULT 0,
  r2 INTEGER NOT NULL DEFAULT 0,
  r3 INTEGER NOT NULL DEFAULT 0,
  r4 INTEGER NOT NULL DEFAULT 0,
  r5 INTEGER NOT NULL DEFAULT 0,
  lang TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  edited_at BIGINT NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  landed_at BIGINT NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX comments_post ON comments (post_id, id, state);
CREATE INDEX comments_tree ON comments (post_id, path) WHERE path <> '';
CREATE INDEX comments_parent ON comments (parent_id, id, state) WHERE parent_id <> 0;
CREATE INDEX comments_author ON comments (author_id, id) WHERE state = 0;

CREATE TABLE reactions (
  post_id BIGINT NOT NULL,
  member_id BIGINT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  kind INTEGER NOT NULL,
  PRIMARY KEY (post_id, member_id, target_kind, target_id, kind)
) WITHOUT ROWID;

CREATE TABLE revisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  version INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  editor_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX revisions_target ON revisions (target_kind, target_id, id);

CREATE TABLE notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  member_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  post_id BIGINT NOT NULL,
  actor_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  seen BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX notifications_member ON notifications (member_id, id);
CREATE INDEX notifications_unread ON notifications (member_id, id) WHERE NOT seen;

CREATE TABLE cases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  fandom_id BIGINT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open',
  reports INTEGER NOT NULL DEFAULT 0,
  reasons TEXT NOT NULL DEFAULT '',
  claimer_id BIGINT NOT NULL DEFAULT 0,
  claimed_at BIGINT NOT NULL DEFAULT 0,
  resolution TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  resolver_id BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  resolved_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX cases_target ON cases (target_kind, target_id) WHERE state <> 'resolved';
CREATE INDEX cases_open ON cases (fandom_id, id) WHERE state <> 'resolved';
CREATE INDEX cases_resolved ON cases (fandom_id, id) WHERE state = 'resolved';

CREATE TABLE reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id BIGINT NOT NULL REFERENCES cases (id),
  reporter_id BIGINT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (case_id, reporter_id)
);

CREATE TABLE sanctions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  member_id BIGINT NOT NULL,
  fandom_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  by_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL DEFAULT 0,
  lifted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sanctions_member ON sanctions (member_id, id);
CREATE INDEX sanctions_fandom ON sanctions (fandom_id, id);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  actor_id BIGINT NOT NULL,
  action TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  fandom_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX audit_fandom ON audit (fandom_id, id);
CREATE INDEX audit_actor ON audit (actor_id, id);

CREATE TABLE attachments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner_id BIGINT NOT NULL,
  key TEXT NOT NULL UNIQUE,
  content_type TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  bytes BIGINT NOT NULL,
  alt TEXT NOT NULL,
  variants TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX attachments_owner ON attachments (owner_id, created_at);
CREATE INDEX attachments_unused ON attachments (created_at, id) WHERE used_at = 0;

CREATE TABLE link_cards (
  url_hash BLOB PRIMARY KEY,
  card TEXT NOT NULL,
  fetched_at BIGINT NOT NULL
);

CREATE TABLE idempotency (
  owner_id BIGINT NOT NULL,
  key_hash BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  answer BLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (owner_id, key_hash)
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- The ledger: what happened and is not yet in the counters, ranks and search index.
CREATE TABLE changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  op TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  post_id BIGINT NOT NULL DEFAULT 0,
  board_id BIGINT NOT NULL DEFAULT 0,
  fandom_id BIGINT NOT NULL DEFAULT 0,
  member_id BIGINT NOT NULL DEFAULT 0,
  reaction INTEGER NOT NULL DEFAULT 0,
  delta INTEGER NOT NULL DEFAULT 0
);

-- Ids follow the time of what they stand for, see search.go.
CREATE TABLE search_docs (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  target_id BIGINT NOT NULL,
  UNIQUE (kind, target_id)
);
CREATE VIRTUAL TABLE search_index USING fts5(
  tokens, content='', contentless_delete=1, detail=none, prefix='3 4 5 6 7 8 10', tokenize="ascii tokenchars ':'"
);
-- Two pieces of about one size are enough for a merge that is asked for, see search_sqlite.go.
INSERT INTO search_index (search_index, rank) VALUES ('usermerge', 2);
