-- +goose Up
-- How often posts were looked at. Apart from the posts, which are wide: a view must not rewrite a text.
CREATE TABLE post_views (
  post_id BIGINT PRIMARY KEY,
  views BIGINT NOT NULL
);

-- The pages that were asked for most of late, for nodes that start. At most a few hundred.
CREATE TABLE hot_pages (
  path TEXT COLLATE "C" PRIMARY KEY,
  hits BIGINT NOT NULL,
  score DOUBLE PRECISION NOT NULL
);
