package api

import (
	"cmp"
	"slices"

	"lightstick/internal/fault"
)

// explained is what the page of a type of problem says.
type explained struct {
	Code   string
	Kind   fault.Kind
	Status int
	Title  string
	Text   string
}

// problems explains every code that an answer of the API may carry. A test looks for the codes in
// the sources and fails when one is missing here.
func problems() []explained {
	var all []explained
	add := func(kind fault.Kind, codes ...string) {
		for i := 0; i+1 < len(codes); i += 2 {
			f := fault.New(kind, codes[i], "")
			all = append(all, explained{Code: codes[i], Kind: kind, Status: kind.Status(), Title: title(f), Text: codes[i+1]})
		}
	}
	addReading(add)
	addMembers(add)
	addCommunity(add)
	addPictures(add)
	addOurs(add)
	slices.SortFunc(all, func(a, b explained) int { return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code)) })
	return all
}

type adder func(kind fault.Kind, codes ...string)

func addReading(add adder) {
	add(fault.Malformed,
		"malformed", "The request could not be read at all.",
		"malformed_json", "The body is not JSON. The detail says near which byte; a missing quote or a comma too many is the usual reason.",
		"malformed_form", "A form broke off or has no boundary. Let your HTTP library build it.",
		"bad_form", "A form could not be read.",
		"body_required", "The operation needs a body and there was none.",
		"body_incomplete", "The connection ended in the middle of the body. With an Idempotency-Key you can simply send it again.",
		"invalid_utf8", "JSON is UTF-8. Some bytes of the body are not; they are often Latin-1 or a cut-off character.",
		"json_too_deep", "No request of this API has so many levels.",
		"duplicate_field", "A name stands twice in one object, so it is unclear which one is meant.",
		"bad_path", "The address has control characters, backslashes or encoded slashes.",
		"bad_query", "A query parameter is not valid percent-encoded UTF-8.",
		"query_too_long", "A query parameter is longer than any that means something.",
		"bad_cursor", "The cursor is not one of this list. Use next of the page before as it is, and start again without a cursor when you have lost it.",
		"bad_idempotency_key", "Send one key of 1 to 128 printable ASCII characters; a random UUID is good.",
		"bad_if_match", "If-Match takes one ETag, quotes included, as it was received.")
	add(fault.Invalid,
		"invalid", "Something in the input must change. errors names each field with a code of its own, such as required, too_long, wrong_type or unknown_field.",
		"idempotency_key_reused", "The key was used within the last 24 hours for another method, address or body. Make a new key for each new request, and use the old one only to repeat the old request.")
	add(fault.NotFound, "not_found", "There is nothing at this address.")
	add(fault.MethodNotAllowed, "method_not_allowed", "The address exists but does not take this method; Allow lists those that it takes.")
	add(fault.Conflict, "idempotency_in_flight", "The first request with this Idempotency-Key is still under way. Wait as Retry-After says and repeat it: you get its answer.")
	add(fault.PreconditionFailed, "stale", "Somebody changed it since the ETag in If-Match, or between reading and writing. Nothing was changed. Get it again, apply your change to that and repeat.")
	add(fault.TooLarge,
		"body_too_large", "The body is larger than the operation takes: 256 KB of JSON, 10 MB of picture.",
		"fields_too_long", "Fields that are not free text have more than 16 KB in all, or are more than 200.")
	add(fault.URITooLong, "url_too_long", "The address is longer than 2,048 bytes.")
	add(fault.Unsupported,
		"json_only", "The body must be JSON and say so: Content-Type: application/json.",
		"picture_only", "The body must be a picture with its Content-Type, or a form with the field file.")
	add(fault.RateLimited, "rate_limited", "Too many requests from this account or address. Wait as Retry-After says.")
}

func addMembers(add adder) {
	add(fault.Unauthenticated,
		"sign_in_required", "The operation needs a token or a session.",
		"token_invalid", "The token is not known, has expired or was revoked.",
		"session_over", "The session has ended. Sign in again.",
		"wrong_login", "Login and password do not belong together. Which of them is wrong is not told.")
	add(fault.Forbidden,
		"scope_missing", "The token works, but not for this. The detail names the scope; make a token that has it.",
		"looks_like_attack", "The firewall took a part of the request that is not free text for an attack. If it is none, write it in other words; operators find the rule by the X-Request-Id in their log.",
		"cross_origin", "A browser sent this from a page of another site with the cookies of this one, so it was not done. Use a token.",
		"email_unverified", "Confirm your e-mail address first.",
		"admin_only", "Only admins may do this.",
		"staff_only", "Only staff of the fandom may do this.",
		"not_yours", "Only its author and staff may change this.",
		"sanction_mute", "You are muted here until staff lift it: the detail says why.",
		"sanction_mute_until", "You are muted here for a while: the detail says until when and why.",
		"sanction_ban", "You are banned here until staff lift it: the detail says why.",
		"sanction_ban_until", "You are banned here for a while: the detail says until when and why.",
		"sanction_staff", "Staff cannot be sanctioned by their equals; an admin must take their role first.",
		"move_across", "Moderators move posts within their fandom; admins move them anywhere.",
		"board_staff_only", "Only staff start posts on this board; everybody comments.")
	add(fault.NotFound,
		"member_not_found", "There is no such member.",
		"session_not_found", "There is no such session, or it is not yours.",
		"token_not_found", "There is no such token, or it is not yours.",
		"ticket_not_found", "The link was used already or has expired. Ask for another one.")
	add(fault.Conflict,
		"handle_taken", "Somebody has this handle.",
		"email_taken", "This e-mail address belongs to another account.",
		"password_changed", "The password was changed at the same moment. Sign in with the new one.",
		"already_verified", "The e-mail address is confirmed already.",
		"no_session", "A token has no session to end. Revoke the token instead.",
		"too_many_tokens", "A member has so many tokens at most. Revoke one first.",
		"setup_done", "The site has an admin already.",
		"last_admin", "The last admin cannot step down; name another first.")
	add(fault.Invalid, "link_invalid", "The token from the mail was used, has expired or is not complete. Ask for a new one.")
	add(fault.RateLimited, "too_many_attempts", "Too many wrong passwords for this account or from this address. Wait as Retry-After says.")
}

func addCommunity(add adder) {
	add(fault.NotFound,
		"fandom_not_found", "There is no such fandom.", "board_not_found", "There is no such board.",
		"post_not_found", "There is no such post, or it is not for you to see.", "comment_not_found", "There is no such comment, or it is not for you to see.",
		"case_not_found", "There is no such case.", "event_not_found", "There is no such event.", "sanction_not_found", "There is no such sanction, or it is not in your fandoms.",
		"word_rule_not_found", "There is no such word rule.")
	add(fault.Invalid, "word_refused", "A word rule does not let this text in; the detail names the word.")
	add(fault.Conflict,
		"slug_taken", "Another one has this slug.",
		"board_archived", "The board can be read but takes nothing new.",
		"post_locked", "The post takes no more comments.",
		"parent_gone", "The comment to answer was taken down. Answer the post instead.",
		"not_standing", "It was taken down, so it cannot be changed.",
		"case_claimed", "Somebody else is on this case.",
		"case_resolved", "The case is resolved already.",
		"sanction_over", "The sanction is over already.")
}

func addPictures(add adder) {
	add(fault.Malformed, "upload_incomplete", "The picture did not arrive whole. Send it again.")
	add(fault.NotFound, "attachment_not_found", "There is no such picture, or it is not yours.")
	add(fault.Conflict, "attachment_used", "A text or a profile refers to this picture.")
	add(fault.TooLarge, "upload_too_large", "The picture has too many bytes.")
	add(fault.Unsupported,
		"image_type", "The bytes are not those of a JPEG, PNG, GIF or WebP picture, whatever the name says.",
		"image_animated", "A moving WebP is not taken. Send it as a GIF.")
	add(fault.Invalid,
		"image_unreadable", "The picture is broken or incomplete.",
		"image_too_many_pixels", "The picture is too wide, too high or too large once it is unpacked.",
		"image_too_many_frames", "The animation has too many frames.")
	add(fault.RateLimited, "upload_quota", "That were enough pictures for 24 hours.")
	add(fault.Unavailable,
		"image_busy", "Too many pictures are being worked on. Try again in a moment.",
		"media_unavailable", "Pictures cannot be stored right now.")
}

func addOurs(add adder) {
	add(fault.Internal, "internal", "Our mistake. Tell us the instance of the problem, which is the request id.")
	add(fault.Unavailable,
		"busy", "More is going on than we can do at once. Wait as Retry-After says.",
		"closing", "This server is restarting. Another try goes to another one, or to the new one.",
		"timeout", "It took too long. With an Idempotency-Key it is safe to try again: if it was done after all, you get its answer.",
		"storage", "The database is not there right now. Nothing was changed.",
		"writing_paused", "The database takes no changes for some seconds; reading goes on. Nothing was changed. Wait as Retry-After says, see /status.",
		"outcome_unknown", "The database was lost in the moment of saving. Look whether it was done before you try again; with an Idempotency-Key you need not look.",
		"disk_full", "There is no room to store anything. Nothing was changed.")
}
