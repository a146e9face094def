package web

import "lightstick/internal/forum"

// The script and the private pages meet here, and nowhere else.
//
// A public page carries nothing of its reader. When the cookie [MemberCookie] is there, the script
// asks once for
//
//	GET /me/{locale}/fragments?page=/ko/p/12   (Accept: application/json)
//
// and gets [Fragments] as JSON, always 200: Member is null for a guest, and the script then drops
// the cookie. page is the path of the public page without its query. Own posts and comments are not
// listed: the script knows them by the author's link and puts an edit link beside them.
//
// Forms work by themselves: a link leads to a private page with a form, the form posts, the answer
// is 303 back to the public page. The script saves the round trips:
//
//	GET  /me/{locale}/reply?post=12&parent=34   the page of a form; the script takes its form.compose
//	GET  /me/{locale}/edit?target=c34           (quote=1 on reply starts with a quotation)
//	POST to the form's action, Accept: application/json
//	     201 or 200 [Written]; or the status of the fault and [Refused]
//	POST /me/{locale}/react       r=c34.heart            without script: puts or takes back, 303
//	     Accept: application/json: r=c34.heart&on=1|0    204
//	GET  /me/{locale}/react?target=c34          a page with all six buttons, without script
//	POST /me/{locale}/preview     body=…        200 text/html: the rendered text, nothing around it
//	POST /me/{locale}/upload      multipart: file "image", field "alt"; 201 [Uploaded]
//	GET  /me/{locale}/manage?target=c34         edit, delete, report, and what staff may do
//	GET  /me/{locale}/write?board=5             a new post
//
// Targets are written as element ids: p12, c34. A form.compose holds a hidden field "once", the
// key that makes sending it twice harmless; the script keeps it with an unsent draft.
// The script names itself by "Accept: application/json"; a redirect to sign-in is then 401 with
// [Refused], and it leads the reader there.

// MemberCookie is set to "1" beside the session cookie, and cleared with it. Scripts can read it; it
// says only that asking for fragments may be worth it, so that guests cost the site no request.
const MemberCookie = "ls_member"

// Fragments is what belongs to one member on a public page.
type Fragments struct {
	Member    *FragmentMember     `json:"member"`
	Unread    int                 `json:"unread"`              // notifications, at most 100
	Staff     bool                `json:"staff,omitempty"`     // moderates the page's fandom: "more" stands out
	Reactions map[string][]string `json:"reactions,omitempty"` // names by element id
}

// FragmentMember is the member who looks.
type FragmentMember struct {
	Handle string `json:"handle"`
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"` // address of the picture
	Admin  string `json:"admin,omitempty"`  // address of the staff pages
}

// Written answers a form that was sent by the script.
type Written struct {
	ID       string `json:"id"`                // element id
	Location string `json:"location"`          // where it is to be seen
	HTML     string `json:"html,omitempty"`    // a comment as the page shows it, an li
	Pending  string `json:"pending,omitempty"` // said when it waits for review
}

// Uploaded answers an upload.
type Uploaded struct {
	Markdown string `json:"markdown"` // what to put into the text
	URL      string `json:"url"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

// Refused is a fault for the script, in the reader's language.
type Refused struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields,omitempty"`  // by the name of the input
	SignIn  string            `json:"sign_in,omitempty"` // where to go first
}

// commentTarget is the target of a comment.
func commentTarget(c *forum.Comment) forum.Target {
	return forum.Target{Kind: forum.TargetComment, ID: c.ID}
}
