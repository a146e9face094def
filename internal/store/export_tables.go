package store

import (
	"slices"
	"strconv"
	"strings"
)

// exported is every table whose rows are lines of an export, in the order of the file: what a row points at
// stands before it. Each column is name:kind, of which the kinds are those of [columnKind], and may end in
//
//	>table   it is the id of a row of that table
//	>table?  the same, or 0 for none
//	<n       it is less than n
//	!        it is secret: left out, and empty after an import, unless secrets are asked for
//
// What a table has beyond that is derived; a test knows these columns by name, so that whoever adds one
// decides what it is.
func exported() []exportTable {
	return []exportTable{
		{kind: "fandom", table: "fandoms", key: "id", columns: columns(`id:int slug:text name:text description:text accent:text archived:bool created_at:time version:int`)},
		{kind: "board", table: "boards", key: "id", columns: columns(`id:int fandom_id:int>fandoms slug:text name:text description:text staff_only:bool archived:bool position:int created_at:time version:int`)},
		{kind: "alias", table: "aliases", key: "id", columns: columns(`id:int fandom_id:int>fandoms names:text`)},
		{kind: "word_rule", table: "word_rules", key: "id", columns: columns(`id:int fandom_id:int>fandoms? pattern:text action:text created_at:time`)},
		{kind: "member", table: "members", key: "id", columns: columns(`id:int handle:text name:text email:text email_key:text password:text! verified:bool role:text avatar_key:text locale:text time_zone:text created_at:time version:int bio:text bio_html:html`)},
		{kind: "moderator", table: "moderators", key: "fandom_id, member_id", columns: columns(`fandom_id:int>fandoms member_id:int>members`)},
		{kind: "attachment", table: "attachments", key: "id", columns: columns(`id:int owner_id:int>members key:text content_type:text width:int height:int bytes:int alt:text variants:text created_at:time used_at:time`)},
		{kind: "post", table: "posts", key: "id", columns: columns(`id:int board_id:int>boards fandom_id:int>fandoms author_id:int>members state:int<4 locked:bool pinned:bool lang:text created_at:time edited_at:time version:int title:text text:text html:html body:text`)},
		{kind: "comment", table: "comments", key: "id", columns: columns(`id:int post_id:int>posts parent_id:int author_id:int>members state:int<4 lang:text created_at:time edited_at:time version:int text:text html:html body:text`)},
		{kind: "reaction", table: "reactions", key: "post_id, member_id, target_kind, target_id, kind", columns: columns(`post_id:int>posts member_id:int>members target_kind:text target_id:int kind:int<6`)},
		{kind: "revision", table: "revisions", key: "id", columns: columns(`id:int target_kind:text target_id:int version:int state:int<4 editor_id:int>members? at:time title:text body:text`)},
		{kind: "event", table: "events", key: "id", columns: columns(`id:int fandom_id:int>fandoms kind:text title:text text:text link:link starts_at:time ends_at:time board_id:int>boards? post_id:int>posts? cancelled:bool created_at:time updated_at:time version:int`)},
		{kind: "post_views", table: "post_views", key: "post_id", columns: columns(`post_id:int>posts views:int`)},
		{kind: "case", table: "cases", key: "id", columns: columns(`id:int target_kind:text target_id:int fandom_id:int>fandoms? state:text reports:int reasons:text claimer_id:int>members? claimed_at:time resolution:text note:text resolver_id:int>members? created_at:time resolved_at:time`)},
		{kind: "report", table: "reports", key: "id", columns: columns(`id:int case_id:int>cases reporter_id:int>members? reason:text note:text created_at:time`)},
		{kind: "sanction", table: "sanctions", key: "id", columns: columns(`id:int member_id:int>members fandom_id:int>fandoms? kind:text reason:text by_id:int>members? created_at:time expires_at:time lifted_at:time`)},
		{kind: "notification", table: "notifications", key: "id", columns: columns(`id:int member_id:int>members kind:text target_kind:text target_id:int post_id:int>posts? actor_id:int>members? at:time seen:bool`)},
		{kind: "audit", table: "audit", key: "id", columns: columns(`id:int actor_id:int>members? action:text target_kind:text target_id:int fandom_id:int>fandoms? at:time detail:text`)},
		{kind: "session", table: "sessions", key: "id", secret: true, columns: columns(`id:int hash:bytes member_id:int>members created_at:time last_seen_at:time expires_at:time user_agent:text addr:text`)},
		{kind: "api_token", table: "api_tokens", key: "id", secret: true, columns: columns(`id:int hash:bytes member_id:int>members name:text scopes:text created_at:time last_used_at:time expires_at:time`)},
		{kind: "once", table: "idempotency", key: "owner_id, key_hash", secret: true, columns: columns(`owner_id:int>members? key_hash:bytes fingerprint:bytes answer:bytes expires_at:time`)},
	}
}

// exportTable is one kind of line.
type exportTable struct {
	kind    string // the line's "type"
	table   string
	key     string // primary key, the order of the lines
	secret  bool   // only with secrets
	columns []exportColumn
}

type exportColumn struct {
	name     string
	kind     columnKind
	refers   string // table
	optional bool   // the reference may be 0
	below    int64  // 0: any
	secret   bool
}

// columnKind is how a value is written: an integer, a string, true or false, a time in RFC 3339 or null
// for none, bytes in base64. HTML and links are strings of which an import takes only what pages may show.
type columnKind string

const (
	intColumn   columnKind = "int"
	textColumn  columnKind = "text"
	htmlColumn  columnKind = "html"
	linkColumn  columnKind = "link"
	boolColumn  columnKind = "bool"
	timeColumn  columnKind = "time"
	bytesColumn columnKind = "bytes"
)

func columns(list string) []exportColumn {
	var all []exportColumn
	for _, field := range strings.Fields(list) {
		var c exportColumn
		field, c.secret = strings.CutSuffix(field, "!")
		field, c.optional = strings.CutSuffix(field, "?")
		field, c.refers, _ = strings.Cut(field, ">")
		field, below, _ := strings.Cut(field, "<")
		c.below, _ = strconv.ParseInt(below, 10, 64)
		name, kind, _ := strings.Cut(field, ":")
		c.name, c.kind = name, columnKind(kind)
		all = append(all, c)
	}
	return all
}

func (t *exportTable) names() string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = c.name
	}
	return strings.Join(list, ", ")
}

// numbered reports whether the table has ids of its own, which ascend from line to line.
func (t *exportTable) numbered() bool { return t.key == "id" }

func (t *exportTable) column(name string) int {
	return slices.IndexFunc(t.columns, func(c exportColumn) bool { return c.name == name })
}
