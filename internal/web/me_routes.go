package web

import (
	"net/http"
	"time"

	"lightstick/internal/edge"
)

// room is a private or staff page of the table. One row serves all languages: nothing else begins
// with /me/ or /admin/.
type room struct {
	method string
	path   string // behind the language
	name   string
	door   door
	handle private
	opts   []edge.Option
}

// Limits are per member wherever there is one. Those by address are wide: behind one address of a
// carrier or a school are hundreds of people. Package identity slows down guessing by itself.
func perMember(name string, burst int, per time.Duration) edge.Rate {
	return edge.Rate{Name: name, Burst: burst, Per: per, By: edge.ByAccount}
}

func perAddress(name string, burst int, per time.Duration) edge.Rate {
	return edge.Rate{Name: name, Burst: burst, Per: per, By: edge.ByAddress}
}

func limited(rates ...edge.Rate) []edge.Option {
	var opts []edge.Option
	for _, r := range rates {
		opts = append(opts, edge.Limit(r))
	}
	return opts
}

// privateRoutes are the pages of a member and those of staff.
func (s *Site) privateRoutes() []edge.Route {
	var routes []edge.Route
	add := func(area string, rooms []room) {
		for _, m := range rooms {
			policy := edge.Personal
			if m.method == http.MethodPost {
				policy = edge.Write
			}
			routes = append(routes, edge.Route{Method: m.method, Path: "/" + area + "/{locale}" + m.path,
				Policy: policy(m.name, m.opts...), Handle: s.enter(m.door, area, m.handle)})
		}
	}
	routes = append(routes, edge.Route{Method: http.MethodPost, Path: "/me/seen", Policy: edge.Beacon("me.seen"), Handle: s.seen})
	add("me", accountRooms())
	add("me", settingsRooms())
	add("me", writingRooms())
	add("admin", staffRooms())
	return routes
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

func accountRooms() []room {
	hashing := edge.Through(edge.Passwords)
	signIn := append(limited(perAddress("web.sign_in", 150, 10*time.Minute)), hashing)
	mail := limited(perAddress("web.mail", 60, time.Hour))
	return []room{
		{get, "", "me.home", members, (*visit).home, nil},
		{get, "/fragments", "me.fragments", anyone, (*visit).fragments, nil},
		{get, "/notifications", "me.notifications", members, (*visit).notifications, nil},
		{post, "/notifications", "me.notifications.read", members, (*visit).markRead, nil},
		{get, "/sign-in", "me.sign_in", anyone, (*visit).signInForm, nil},
		{post, "/sign-in", "me.sign_in.send", anyone, (*visit).signIn, signIn},
		{get, "/sign-up", "me.sign_up", anyone, (*visit).signUpForm, nil},
		{post, "/sign-up", "me.sign_up.send", anyone, (*visit).signUp, append(limited(perAddress("web.sign_up", 60, time.Hour)), hashing)},
		{get, "/sign-out", "me.sign_out", anyone, (*visit).signOutForm, nil},
		{post, "/sign-out", "me.sign_out.send", anyone, (*visit).signOut, nil},
		{get, "/inbox", "me.inbox", members, (*visit).inbox, nil},
		{post, "/inbox", "me.inbox.resend", members, (*visit).resend, limited(perMember("web.resend", 5, time.Hour))},
		{get, "/verify", "me.verify", anyone, (*visit).verifyForm, nil},
		{post, "/verify", "me.verify.send", anyone, (*visit).verify, signIn},
		{get, "/reset", "me.reset", anyone, (*visit).resetForm, nil},
		{post, "/reset", "me.reset.send", anyone, (*visit).reset, mail},
		{get, "/reset/new", "me.reset.new", anyone, (*visit).choosePasswordForm, nil},
		{post, "/reset/new", "me.reset.choose", anyone, (*visit).choosePassword, signIn},
		{get, "/setup", "me.setup", anyone, (*visit).setupForm, nil},
		{post, "/setup", "me.setup.send", anyone, (*visit).setup, append(limited(perAddress("web.setup", 30, 10*time.Minute)), hashing)},
	}
}

func settingsRooms() []room {
	change := limited(perMember("web.settings", 30, 10*time.Minute))
	secret := append(limited(perMember("web.credentials", 10, 10*time.Minute)), edge.Through(edge.Passwords))
	return []room{
		{get, "/settings", "me.settings", members, (*visit).settings, nil},
		{post, "/settings", "me.settings.save", members, (*visit).saveSettings, change},
		{post, "/settings/avatar", "me.avatar", members, (*visit).saveAvatar,
			append(limited(perMember("web.avatar", 10, 10*time.Minute)), edge.Body(uploadBytes), edge.Timeout(uploadTime))},
		{get, "/settings/password", "me.password", members, (*visit).passwordForm, nil},
		{post, "/settings/password", "me.password.save", members, (*visit).savePassword, secret},
		{get, "/settings/email", "me.email", members, (*visit).emailForm, nil},
		{post, "/settings/email", "me.email.save", members, (*visit).saveEmail, secret},
		{get, "/settings/sessions", "me.sessions", members, (*visit).sessions, nil},
		{post, "/settings/sessions", "me.sessions.end", members, (*visit).endSession, change},
		{get, "/settings/tokens", "me.tokens", members, (*visit).tokens, nil},
		{post, "/settings/tokens", "me.tokens.create", members, (*visit).createToken, secret},
		{post, "/settings/tokens/revoke", "me.tokens.revoke", members, (*visit).revokeToken, change},
	}
}

// The forms of texts let a guest in: whoever was signed out while writing gets the text back.
func writingRooms() []room {
	posts := composeOptions(perMember("web.posts", 20, 10*time.Minute))
	comments := composeOptions(perMember("web.comments", 40, 2*time.Minute))
	return []room{
		{get, "/write", "me.write", members, (*visit).chooseBoard, nil},
		{post, "/write", "me.write.send", anyone, draftSent(newPost), posts},
		{get, "/reply", "me.reply", members, draftForm(newReply), nil},
		{post, "/reply", "me.reply.send", anyone, draftSent(newReply), comments},
		{get, "/edit", "me.edit", members, draftForm(edit), nil},
		{post, "/edit", "me.edit.send", anyone, draftSent(edit), comments},
		{get, "/delete", "me.delete", members, (*visit).deleteForm, nil},
		{post, "/delete", "me.delete.send", members, (*visit).delete, nil},
		{post, "/preview", "me.preview", members, (*visit).previewText, limited(perMember("web.preview", 60, time.Minute))},
		{post, "/upload", "me.upload", members, (*visit).upload,
			append(limited(perMember("web.uploads", 40, 5*time.Minute)), edge.Body(uploadBytes), edge.Timeout(uploadTime))},
		{get, "/react", "me.react", members, (*visit).reactForm, nil},
		{post, "/react", "me.react.send", members, (*visit).react, limited(perMember("web.react", 120, time.Minute))},
		{get, "/manage", "me.manage", members, (*visit).manage, nil},
		{get, "/report", "me.report", members, (*visit).reportForm, nil},
		{post, "/report", "me.report.send", members, (*visit).report, limited(perMember("web.reports", 20, time.Hour))},
	}
}

func staffRooms() []room {
	return []room{
		{get, "", "admin.overview", staff, (*visit).overview, nil},
		{post, "/moderate", "admin.moderate", staff, (*visit).moderate, nil},
		{get, "/queue", "admin.queue", staff, (*visit).queue, nil},
		{get, "/cases/{case}", "admin.case", staff, (*visit).showCase, nil},
		{post, "/cases/{case}/claim", "admin.case.claim", staff, (*visit).claim, nil},
		{post, "/cases/{case}/resolve", "admin.case.resolve", staff, (*visit).resolve, nil},
		{get, "/sanctions", "admin.sanctions", staff, (*visit).sanctions, nil},
		{post, "/sanctions", "admin.sanctions.impose", staff, (*visit).sanction, nil},
		{post, "/sanctions/lift", "admin.sanctions.lift", staff, (*visit).lift, nil},
		{get, "/words", "admin.words", staff, (*visit).words, nil},
		{post, "/words", "admin.words.add", staff, (*visit).addWord, nil},
		{post, "/words/remove", "admin.words.remove", staff, (*visit).removeWord, nil},
		{get, "/aliases", "admin.aliases", staff, (*visit).aliases, nil},
		{post, "/aliases", "admin.aliases.save", staff, (*visit).saveAliases, nil},
		{get, "/events", "admin.events", staff, (*visit).events, nil},
		{get, "/events/new", "admin.events.new", staff, (*visit).newEventForm, nil},
		{post, "/events/new", "admin.events.create", staff, (*visit).createEvent, nil},
		{get, "/events/{event}", "admin.event", staff, (*visit).eventForm, nil},
		{post, "/events/{event}", "admin.event.save", staff, (*visit).saveEvent, nil},
		{post, "/events/{event}/delete", "admin.event.delete", staff, (*visit).deleteEvent, nil},
		{get, "/audit", "admin.audit", staff, (*visit).audit, nil},
		{get, "/fandoms", "admin.fandoms", staff, (*visit).fandomList, nil},
		{get, "/fandoms/new", "admin.fandoms.new", admins, (*visit).newFandomForm, nil},
		{post, "/fandoms/new", "admin.fandoms.create", admins, (*visit).createFandom, nil},
		{get, "/fandoms/{fandom}", "admin.fandom", staff, (*visit).fandomForm, nil},
		{post, "/fandoms/{fandom}", "admin.fandom.save", staff, (*visit).saveFandom, nil},
		{get, "/fandoms/{fandom}/boards", "admin.boards.new", staff, (*visit).newBoardForm, nil},
		{post, "/fandoms/{fandom}/boards", "admin.boards.create", staff, (*visit).createBoard, nil},
		{post, "/fandoms/{fandom}/moderators", "admin.moderators", admins, (*visit).setModerator, nil},
		{get, "/boards/{board}", "admin.board", staff, (*visit).boardForm, nil},
		{post, "/boards/{board}", "admin.board.save", staff, (*visit).saveBoard, nil},
		{get, "/members", "admin.members", admins, (*visit).memberList, nil},
		{post, "/members/role", "admin.members.role", admins, (*visit).setRole, nil},
	}
}
