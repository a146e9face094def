-- +goose Up
-- The calendar of a fandom.
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fandom_id BIGINT NOT NULL REFERENCES fandoms (id),
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  link TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  board_id BIGINT NOT NULL DEFAULT 0,
  post_id BIGINT NOT NULL DEFAULT 0,
  cancelled BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX events_fandom ON events (fandom_id, starts_at, id);
CREATE INDEX events_time ON events (starts_at, id);
