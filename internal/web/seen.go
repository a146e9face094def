package web

import (
	"net/http"
	"net/netip"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// seen takes the note that somebody looks at a post.
func (s *Site) seen(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	post, ok := parseID(r.PostForm.Get("post"))
	if !ok {
		return forum.NotFound(forum.TargetPost)
	}
	if s.views != nil {
		s.views.See(network(edge.ClientIP(r.Context()))+" "+r.UserAgent(), post)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// network is what one subscriber has: an address, of IPv6 a /64.
func network(ip netip.Addr) string {
	if ip = ip.Unmap(); ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
