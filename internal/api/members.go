package api

import (
	"context"
	"net/http"
	"time"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// Member is a person with an account, as everybody sees them.
type Member struct {
	ID        forum.ID  `json:"id" example:"12"`
	Handle    string    `json:"handle" example:"mina_k"`
	Name      string    `json:"name" example:"Mina"`
	Avatar    string    `json:"avatar,omitempty" doc:"Address of a square picture."`
	Role      string    `json:"role" enum:"member,admin"`
	Bio       string    `json:"bio" doc:"Markdown as written."`
	BioHTML   string    `json:"bio_html" doc:"Rendered and sanitised."`
	Posts     int       `json:"posts" doc:"How many; may lag by seconds."`
	Comments  int       `json:"comments" doc:"How many; may lag by seconds."`
	CreatedAt time.Time `json:"created_at"`
}

func (a *API) member(m forum.Member) Member {
	return Member{ID: m.ID, Handle: m.Handle, Name: m.Name, Avatar: a.picture(m.AvatarKey), Role: string(m.Role), Bio: m.Bio, BioHTML: m.BioHTML,
		Posts: m.Posts, Comments: m.Comments, CreatedAt: m.CreatedAt.UTC()}
}

// Me is a member as they see themselves.
type Me struct {
	Member
	Email     string     `json:"email" example:"mina@fans.example"`
	Verified  bool       `json:"verified" doc:"The e-mail address is confirmed."`
	Locale    string     `json:"locale" doc:"Language of the pages." example:"ko"`
	TimeZone  string     `json:"time_zone" doc:"IANA name." example:"Asia/Seoul"`
	Moderates []forum.ID `json:"moderates" doc:"Ids of the fandoms."`
	Sanctions []Sanction `json:"sanctions" doc:"What stops you now, with the reason."`
	Unread    int        `json:"unread" doc:"Notifications not read yet; 100 stands for 100 or more."`
	Version   int        `json:"version"`
}

// ByHandle picks a member.
type ByHandle struct {
	Handle string `path:"handle" maxLength:"20" doc:"Handle of a member." example:"mina_k"`
}

func (a *API) members() {
	const tag = "Members"
	get(a, op{id: "get_member", path: "/members/{handle}", tag: tag, policy: edge.Page, tagged: true, errors: []int{404},
		summary: "Get a member"}, a.getMember)
	get(a, op{id: "list_member_posts", path: "/members/{handle}/posts", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List a member's posts", about: "Visible ones, newest first."}, a.memberPosts)
	get(a, op{id: "list_member_comments", path: "/members/{handle}/comments", tag: tag, policy: edge.Page, errors: []int{404},
		summary: "List a member's comments", about: "Visible ones, newest first."}, a.memberComments)
	get(a, op{id: "get_me", path: "/members/me", tag: tag, policy: edge.Personal, scope: forum.ScopeRead, tagged: true,
		summary: "Get yourself", about: "With what only you and admins may see."}, a.getMe)
	change(a, http.MethodPatch, op{id: "update_me", path: "/members/me", tag: tag, scope: forum.ScopeAccount, tagged: true,
		summary: "Change your settings", about: "Fields left out stay as they are."}, a.updateMe)
	change(a, http.MethodPut, op{id: "put_avatar", path: "/members/me/avatar", tag: tag, scope: forum.ScopeAccount, tagged: true, body: pictureBody(), opts: uploadOptions(),
		summary: "Change your picture", about: "The square in the middle of what you send is kept."}, a.putAvatar)
	change(a, http.MethodDelete, op{id: "delete_avatar", path: "/members/me/avatar", tag: tag, scope: forum.ScopeAccount,
		summary: "Take your picture down"}, a.deleteAvatar)
	get(a, op{id: "list_members", path: "/members", tag: tag, policy: edge.Personal, scope: forum.ScopeModerate,
		summary: "List members", about: "For admins. Newest first."}, a.listMembers)
	change(a, http.MethodPut, op{id: "put_member_role", path: "/members/{handle}/role", tag: tag, scope: forum.ScopeModerate, errors: []int{404, 409},
		summary: "Make a member an admin, or take it back", about: "For admins. The last admin cannot step down."}, a.putRole)
}

func (a *API) getMember(ctx context.Context, in *ByHandle) (reply[Member], error) {
	m, err := a.Forum.Read().MemberByHandle(ctx, in.Handle)
	return reply[Member]{body: a.member(m), version: m.Version}, err
}

func (a *API) memberPosts(ctx context.Context, in *struct {
	ByHandle
	Paging
}) (reply[List[PostSummary]], error) {
	m, err := a.Forum.Read().MemberByHandle(ctx, in.Handle)
	if err != nil {
		return reply[List[PostSummary]]{}, err
	}
	list, next, err := a.Forum.Read().Posts(ctx, forum.PostQuery{AuthorID: m.ID, Sort: forum.SortNew, After: in.after(), Limit: in.Limit})
	return listOf(list, next, a.postSummary), err
}

func (a *API) memberComments(ctx context.Context, in *struct {
	ByHandle
	Paging
}) (reply[List[Comment]], error) {
	m, err := a.Forum.Read().MemberByHandle(ctx, in.Handle)
	if err != nil {
		return reply[List[Comment]]{}, err
	}
	list, next, err := a.Forum.Read().CommentsBy(ctx, m.ID, in.after(), in.Limit)
	return listOf(list, next, a.listed), err
}

func (a *API) getMe(ctx context.Context, _ *struct{}) (reply[Me], error) {
	actor, err := a.require(ctx, forum.ScopeRead)
	if err != nil {
		return reply[Me]{}, err
	}
	m, err := a.Forum.Read().Member(ctx, actor.ID) // fresher than the actor, for its version
	if err != nil {
		return reply[Me]{}, err
	}
	return a.me(ctx, actor, m)
}

func (a *API) me(ctx context.Context, actor *forum.Actor, m forum.Member) (reply[Me], error) {
	unread, err := a.Forum.Read().UnreadCount(ctx, m.ID)
	body := Me{Member: a.member(m), Email: m.Email, Verified: m.Verified, Locale: m.Locale, TimeZone: m.TimeZone,
		Moderates: each(actor.Moderates, func(id forum.ID) forum.ID { return id }), Sanctions: each(actor.Sanctions, a.sanction), Unread: unread, Version: m.Version}
	return reply[Me]{body: body, version: m.Version}, err
}

// MePatch is a change of one's own settings.
type MePatch struct {
	Name     *string `json:"name,omitempty" doc:"At most 40 characters."`
	Bio      *string `json:"bio,omitempty" doc:"Markdown of at most 500 characters."`
	Locale   *string `json:"locale,omitempty" doc:"Language of the pages." example:"ko"`
	TimeZone *string `json:"time_zone,omitempty" doc:"IANA name." example:"Asia/Seoul"`
}

func (a *API) updateMe(ctx context.Context, in *struct {
	Conditional
	Body MePatch
}) (reply[Me], error) {
	version, err := in.version()
	if err != nil {
		return reply[Me]{}, err
	}
	b := in.Body
	return a.changeMe(ctx, forum.MemberChange{Name: b.Name, Bio: b.Bio, Locale: b.Locale, TimeZone: b.TimeZone, Version: version})
}

func (a *API) changeMe(ctx context.Context, c forum.MemberChange) (reply[Me], error) {
	actor := a.Actor(ctx)
	m, err := a.Forum.UpdateMember(ctx, actor, c)
	if err != nil {
		return reply[Me]{}, err
	}
	a.Accounts.Forget(m.ID)
	return a.me(ctx, actor, m)
}

func (a *API) putAvatar(ctx context.Context, in *Conditional) (reply[Me], error) {
	actor, err := a.require(ctx, forum.ScopeAccount)
	if err != nil {
		return reply[Me]{}, err
	}
	version, err := in.version()
	if err != nil {
		return reply[Me]{}, err
	}
	if err := a.Forum.MayChangeProfile(actor); err != nil {
		return reply[Me]{}, err
	}
	picture, err := openPicture(callOf(ctx).r)
	if err != nil {
		return reply[Me]{}, err
	}
	at, err := a.Media.Avatar(ctx, int64(actor.ID), picture.body)
	if err != nil {
		return reply[Me]{}, err
	}
	return a.changeMe(ctx, forum.MemberChange{AvatarKey: &at.Key, Version: version})
}

func (a *API) deleteAvatar(ctx context.Context, in *Conditional) (reply[None], error) {
	version, err := in.version()
	if err != nil {
		return reply[None]{}, err
	}
	none := ""
	_, err = a.changeMe(ctx, forum.MemberChange{AvatarKey: &none, Version: version})
	return reply[None]{}, err
}

// MemberRow is a member as admins see them.
type MemberRow struct {
	Member
	Email    string `json:"email"`
	Verified bool   `json:"verified" doc:"The e-mail address is confirmed."`
}

func (a *API) memberRow(m forum.Member) MemberRow {
	return MemberRow{Member: a.member(m), Email: m.Email, Verified: m.Verified}
}

func (a *API) listMembers(ctx context.Context, in *struct{ Paging }) (reply[List[MemberRow]], error) {
	actor, err := a.require(ctx, forum.ScopeModerate)
	if err != nil {
		return reply[List[MemberRow]]{}, err
	}
	if !actor.Admin() {
		return reply[List[MemberRow]]{}, adminOnly()
	}
	list, next, err := a.Forum.Read().Members(ctx, in.after(), in.Limit)
	return listOf(list, next, a.memberRow), err
}

// RoleInput names a role.
type RoleInput struct {
	Role string `json:"role" enum:"member,admin"`
}

func (a *API) putRole(ctx context.Context, in *struct {
	ByHandle
	Body RoleInput
}) (reply[Member], error) {
	if _, err := a.require(ctx, forum.ScopeModerate); err != nil {
		return reply[Member]{}, err
	}
	m, err := a.Forum.Read().MemberByHandle(ctx, in.Handle)
	if err != nil {
		return reply[Member]{}, err
	}
	m, err = a.Forum.SetRole(ctx, a.Actor(ctx), m.ID, forum.Role(in.Body.Role))
	if err == nil {
		a.Accounts.Forget(m.ID)
	}
	return reply[Member]{body: a.member(m)}, err
}
