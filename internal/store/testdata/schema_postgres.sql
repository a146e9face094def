aliases.id bigint not null identity
aliases.fandom_id bigint not null
aliases.names text not null
CREATE INDEX aliases_fandom ON public.aliases USING btree (fandom_id, id)
CREATE UNIQUE INDEX aliases_pkey ON public.aliases USING btree (id)
aliases_fandom_id_fkey FOREIGN KEY (fandom_id) REFERENCES fandoms(id)
api_tokens.id bigint not null identity
api_tokens.hash bytea not null
api_tokens.member_id bigint not null
api_tokens.name text not null
api_tokens.scopes text not null
api_tokens.created_at bigint not null
api_tokens.last_used_at bigint not null default 0
api_tokens.expires_at bigint not null
CREATE INDEX api_tokens_expiry ON public.api_tokens USING btree (expires_at)
CREATE UNIQUE INDEX api_tokens_hash_key ON public.api_tokens USING btree (hash)
CREATE INDEX api_tokens_member ON public.api_tokens USING btree (member_id, id)
CREATE UNIQUE INDEX api_tokens_pkey ON public.api_tokens USING btree (id)
api_tokens_member_id_fkey FOREIGN KEY (member_id) REFERENCES members(id)
attachments.id bigint not null identity
attachments.owner_id bigint not null
attachments.key text collate "C" not null
attachments.content_type text not null
attachments.width integer not null
attachments.height integer not null
attachments.bytes bigint not null
attachments.alt text not null
attachments.variants text not null default ''::text
attachments.created_at bigint not null
attachments.used_at bigint not null default 0
CREATE UNIQUE INDEX attachments_key_key ON public.attachments USING btree (key)
CREATE INDEX attachments_owner ON public.attachments USING btree (owner_id, created_at)
CREATE UNIQUE INDEX attachments_pkey ON public.attachments USING btree (id)
CREATE INDEX attachments_unused ON public.attachments USING btree (created_at, id) WHERE (used_at = 0)
audit.id bigint not null identity
audit.actor_id bigint not null
audit.action text not null
audit.target_kind text not null
audit.target_id bigint not null
audit.fandom_id bigint not null
audit.at bigint not null
audit.detail text not null
CREATE INDEX audit_actor ON public.audit USING btree (actor_id, id)
CREATE INDEX audit_fandom ON public.audit USING btree (fandom_id, id)
CREATE UNIQUE INDEX audit_pkey ON public.audit USING btree (id)
boards.id bigint not null identity
boards.fandom_id bigint not null
boards.slug text collate "C" not null
boards.name text not null
boards.description text not null
boards.staff_only boolean not null default false
boards.archived boolean not null default false
boards.position integer not null default 0
boards.posts integer not null default 0
boards.created_at bigint not null
boards.version integer not null default 1
CREATE UNIQUE INDEX boards_fandom_id_slug_key ON public.boards USING btree (fandom_id, slug)
CREATE UNIQUE INDEX boards_pkey ON public.boards USING btree (id)
boards_fandom_id_fkey FOREIGN KEY (fandom_id) REFERENCES fandoms(id)
cases.id bigint not null identity
cases.target_kind text not null
cases.target_id bigint not null
cases.fandom_id bigint not null
cases.state text not null default 'open'::text
cases.reports integer not null default 0
cases.reasons text not null default ''::text
cases.claimer_id bigint not null default 0
cases.claimed_at bigint not null default 0
cases.resolution text not null default ''::text
cases.note text not null default ''::text
cases.resolver_id bigint not null default 0
cases.created_at bigint not null
cases.resolved_at bigint not null default 0
CREATE INDEX cases_open ON public.cases USING btree (fandom_id, id) WHERE (state <> 'resolved'::text)
CREATE UNIQUE INDEX cases_pkey ON public.cases USING btree (id)
CREATE INDEX cases_resolved ON public.cases USING btree (fandom_id, id) WHERE (state = 'resolved'::text)
CREATE UNIQUE INDEX cases_target ON public.cases USING btree (target_kind, target_id) WHERE (state <> 'resolved'::text)
changes.id bigint not null identity
changes.op text not null
changes.target_kind text not null
changes.target_id bigint not null
changes.post_id bigint not null default 0
changes.board_id bigint not null default 0
changes.fandom_id bigint not null default 0
changes.member_id bigint not null default 0
changes.reaction smallint not null default 0
changes.delta integer not null default 0
CREATE UNIQUE INDEX changes_pkey ON public.changes USING btree (id)
comments.id bigint not null identity
comments.post_id bigint not null
comments.parent_id bigint not null default 0
comments.depth integer not null default 0
comments.path text collate "C" not null default ''::text
comments.author_id bigint not null
comments.state smallint not null default 0
comments.r0 integer not null default 0
comments.r1 integer not null default 0
comments.r2 integer not null default 0
comments.r3 integer not null default 0
comments.r4 integer not null default 0
comments.r5 integer not null default 0
comments.lang text not null
comments.created_at bigint not null
comments.edited_at bigint not null default 0
comments.version integer not null default 1
comments.landed_at bigint not null default ((EXTRACT(epoch FROM clock_timestamp()) * (1000000)::numeric))::bigint
comments.text text not null
comments.html text not null
comments.body text not null
CREATE INDEX comments_author ON public.comments USING btree (author_id, id) WHERE (state = 0)
CREATE INDEX comments_parent ON public.comments USING btree (parent_id, id, state) WHERE (parent_id <> 0)
CREATE UNIQUE INDEX comments_pkey ON public.comments USING btree (id)
CREATE INDEX comments_post ON public.comments USING btree (post_id, id, state)
CREATE INDEX comments_tree ON public.comments USING btree (post_id, path) WHERE (path <> ''::text)
events.id bigint not null identity
events.fandom_id bigint not null
events.kind text not null
events.title text not null
events.text text not null
events.link text not null
events.starts_at bigint not null
events.ends_at bigint not null
events.board_id bigint not null default 0
events.post_id bigint not null default 0
events.cancelled boolean not null default false
events.created_at bigint not null
events.updated_at bigint not null
events.version integer not null default 1
CREATE INDEX events_fandom ON public.events USING btree (fandom_id, starts_at, id)
CREATE UNIQUE INDEX events_pkey ON public.events USING btree (id)
CREATE INDEX events_time ON public.events USING btree (starts_at, id)
events_fandom_id_fkey FOREIGN KEY (fandom_id) REFERENCES fandoms(id)
fandoms.id bigint not null identity
fandoms.slug text collate "C" not null
fandoms.name text not null
fandoms.description text not null
fandoms.accent text not null
fandoms.archived boolean not null default false
fandoms.posts integer not null default 0
fandoms.created_at bigint not null
fandoms.version integer not null default 1
CREATE UNIQUE INDEX fandoms_pkey ON public.fandoms USING btree (id)
CREATE UNIQUE INDEX fandoms_slug_key ON public.fandoms USING btree (slug)
hot_pages.path text collate "C" not null
hot_pages.hits bigint not null
hot_pages.score double precision not null
CREATE UNIQUE INDEX hot_pages_pkey ON public.hot_pages USING btree (path)
idempotency.owner_id bigint not null
idempotency.key_hash bytea not null
idempotency.fingerprint bytea not null
idempotency.answer bytea not null
idempotency.expires_at bigint not null
CREATE INDEX idempotency_expiry ON public.idempotency USING btree (expires_at)
CREATE UNIQUE INDEX idempotency_pkey ON public.idempotency USING btree (owner_id, key_hash)
link_cards.url_hash bytea not null
link_cards.card text not null
link_cards.fetched_at bigint not null
CREATE UNIQUE INDEX link_cards_pkey ON public.link_cards USING btree (url_hash)
members.id bigint not null identity
members.handle text collate "C" not null
members.name text not null
members.email text not null default ''::text
members.email_key text collate "C" not null default ''::text
members.password text not null default ''::text
members.verified boolean not null default false
members.role text not null default 'member'::text
members.avatar_key text not null default ''::text
members.locale text not null default ''::text
members.time_zone text not null default ''::text
members.posts integer not null default 0
members.comments integer not null default 0
members.created_at bigint not null
members.version integer not null default 1
members.bio text not null default ''::text
members.bio_html text not null default ''::text
CREATE INDEX members_admin ON public.members USING btree (id) WHERE (role = 'admin'::text)
CREATE INDEX members_email ON public.members USING btree (email_key, id)
CREATE UNIQUE INDEX members_email_verified ON public.members USING btree (email_key) WHERE (verified AND (email_key <> ''::text))
CREATE UNIQUE INDEX members_handle_key ON public.members USING btree (handle)
CREATE UNIQUE INDEX members_pkey ON public.members USING btree (id)
moderators.fandom_id bigint not null
moderators.member_id bigint not null
CREATE INDEX moderators_member ON public.moderators USING btree (member_id, fandom_id)
CREATE UNIQUE INDEX moderators_pkey ON public.moderators USING btree (fandom_id, member_id)
moderators_fandom_id_fkey FOREIGN KEY (fandom_id) REFERENCES fandoms(id)
moderators_member_id_fkey FOREIGN KEY (member_id) REFERENCES members(id)
notifications.id bigint not null identity
notifications.member_id bigint not null
notifications.kind text not null
notifications.target_kind text not null
notifications.target_id bigint not null
notifications.post_id bigint not null
notifications.actor_id bigint not null
notifications.at bigint not null
notifications.seen boolean not null default false
CREATE INDEX notifications_member ON public.notifications USING btree (member_id, id)
CREATE UNIQUE INDEX notifications_pkey ON public.notifications USING btree (id)
CREATE INDEX notifications_unread ON public.notifications USING btree (member_id, id) WHERE (NOT seen)
post_views.post_id bigint not null
post_views.views bigint not null
CREATE UNIQUE INDEX post_views_pkey ON public.post_views USING btree (post_id)
posts.id bigint not null identity
posts.board_id bigint not null
posts.fandom_id bigint not null
posts.author_id bigint not null
posts.state smallint not null default 0
posts.locked boolean not null default false
posts.pinned boolean not null default false
posts.comments integer not null default 0
posts.r0 integer not null default 0
posts.r1 integer not null default 0
posts.r2 integer not null default 0
posts.r3 integer not null default 0
posts.r4 integer not null default 0
posts.r5 integer not null default 0
posts.score bigint not null default 0
posts.hot double precision not null default 0
posts.lang text not null
posts.created_at bigint not null
posts.edited_at bigint not null default 0
posts.version integer not null default 1
posts.title text not null
posts.text text not null
posts.html text not null
posts.body text not null
CREATE INDEX posts_author ON public.posts USING btree (author_id, id) WHERE (state = 0)
CREATE INDEX posts_board_hot ON public.posts USING btree (board_id, hot, id) WHERE (state = 0)
CREATE INDEX posts_board_new ON public.posts USING btree (board_id, id) WHERE (state = 0)
CREATE INDEX posts_board_top ON public.posts USING btree (board_id, score, id) WHERE (state = 0)
CREATE INDEX posts_fandom_hot ON public.posts USING btree (fandom_id, hot, id) WHERE (state = 0)
CREATE INDEX posts_fandom_new ON public.posts USING btree (fandom_id, id) WHERE (state = 0)
CREATE INDEX posts_fandom_top ON public.posts USING btree (fandom_id, score, id) WHERE (state = 0)
CREATE INDEX posts_hot ON public.posts USING btree (hot, id) WHERE (state = 0)
CREATE INDEX posts_new ON public.posts USING btree (id) WHERE (state = 0)
CREATE INDEX posts_pinned ON public.posts USING btree (fandom_id, board_id, id) WHERE ((state = 0) AND pinned)
CREATE UNIQUE INDEX posts_pkey ON public.posts USING btree (id)
CREATE INDEX posts_top ON public.posts USING btree (score, id) WHERE (state = 0)
reactions.post_id bigint not null
reactions.member_id bigint not null
reactions.target_kind text not null
reactions.target_id bigint not null
reactions.kind smallint not null
CREATE UNIQUE INDEX reactions_pkey ON public.reactions USING btree (post_id, member_id, target_kind, target_id, kind)
reports.id bigint not null identity
reports.case_id bigint not null
reports.reporter_id bigint not null
reports.reason text not null
reports.note text not null
reports.created_at bigint not null
CREATE UNIQUE INDEX reports_case_id_reporter_id_key ON public.reports USING btree (case_id, reporter_id)
CREATE UNIQUE INDEX reports_pkey ON public.reports USING btree (id)
reports_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id)
revisions.id bigint not null identity
revisions.target_kind text not null
revisions.target_id bigint not null
revisions.version integer not null
revisions.state smallint not null default 0
revisions.editor_id bigint not null
revisions.at bigint not null
revisions.title text not null
revisions.body text not null
CREATE UNIQUE INDEX revisions_pkey ON public.revisions USING btree (id)
CREATE INDEX revisions_target ON public.revisions USING btree (target_kind, target_id, id)
sanctions.id bigint not null identity
sanctions.member_id bigint not null
sanctions.fandom_id bigint not null
sanctions.kind text not null
sanctions.reason text not null
sanctions.by_id bigint not null
sanctions.created_at bigint not null
sanctions.expires_at bigint not null default 0
sanctions.lifted_at bigint not null default 0
CREATE INDEX sanctions_fandom ON public.sanctions USING btree (fandom_id, id)
CREATE INDEX sanctions_member ON public.sanctions USING btree (member_id, id)
CREATE UNIQUE INDEX sanctions_pkey ON public.sanctions USING btree (id)
search_docs.id bigint not null
search_docs.kind text not null
search_docs.target_id bigint not null
search_docs.tokens tsvector not null
CREATE UNIQUE INDEX search_docs_kind_target_id_key ON public.search_docs USING btree (kind, target_id)
CREATE UNIQUE INDEX search_docs_pkey ON public.search_docs USING btree (id)
CREATE INDEX search_docs_tokens ON public.search_docs USING gin (tokens) WITH (fastupdate=off)
sessions.id bigint not null identity
sessions.hash bytea not null
sessions.member_id bigint not null
sessions.created_at bigint not null
sessions.last_seen_at bigint not null
sessions.expires_at bigint not null
sessions.user_agent text not null
sessions.addr text not null
CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at)
CREATE UNIQUE INDEX sessions_hash_key ON public.sessions USING btree (hash)
CREATE INDEX sessions_member ON public.sessions USING btree (member_id, id)
CREATE UNIQUE INDEX sessions_pkey ON public.sessions USING btree (id)
sessions_member_id_fkey FOREIGN KEY (member_id) REFERENCES members(id)
tickets.hash bytea not null
tickets.kind text not null
tickets.member_id bigint not null
tickets.email text not null
tickets.expires_at bigint not null
CREATE INDEX tickets_expiry ON public.tickets USING btree (expires_at)
CREATE INDEX tickets_member ON public.tickets USING btree (member_id, kind)
CREATE UNIQUE INDEX tickets_pkey ON public.tickets USING btree (hash)
word_rules.id bigint not null identity
word_rules.fandom_id bigint not null
word_rules.pattern text not null
word_rules.action text not null
word_rules.created_at bigint not null
CREATE UNIQUE INDEX word_rules_pkey ON public.word_rules USING btree (id)
