package web

import (
	"slices"
	"strings"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/forum"
)

// zoneGroup is a part of the world and its time zones, as far as people live in them.
type zoneGroup struct {
	Name  string // me.zone_<name>
	Zones []string
}

func zoneGroups() []zoneGroup {
	return []zoneGroup{
		{"asia", []string{"Asia/Seoul", "Asia/Tokyo", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Almaty", "Asia/Baghdad", "Asia/Baku",
			"Asia/Bangkok", "Asia/Beirut", "Asia/Colombo", "Asia/Dhaka", "Asia/Dubai", "Asia/Ho_Chi_Minh", "Asia/Hong_Kong", "Asia/Jerusalem",
			"Asia/Kabul", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Kuala_Lumpur", "Asia/Macau", "Asia/Manila", "Asia/Phnom_Penh",
			"Asia/Pontianak", "Asia/Riyadh", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tashkent", "Asia/Tehran", "Asia/Ulaanbaatar",
			"Asia/Vientiane", "Asia/Vladivostok", "Asia/Yangon", "Asia/Yekaterinburg"}},
		{"america", []string{"America/Anchorage", "America/Argentina/Buenos_Aires", "America/Asuncion", "America/Bogota", "America/Caracas",
			"America/Chicago", "America/Costa_Rica", "America/Denver", "America/El_Salvador", "America/Guatemala", "America/Guayaquil", "America/Halifax",
			"America/Havana", "America/La_Paz", "America/Lima", "America/Los_Angeles", "America/Managua", "America/Mexico_City", "America/Montevideo",
			"America/New_York", "America/Panama", "America/Phoenix", "America/Puerto_Rico", "America/Santiago", "America/Santo_Domingo",
			"America/Sao_Paulo", "America/Tegucigalpa", "America/Tijuana", "America/Toronto", "America/Vancouver"}},
		{"europe", []string{"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Budapest",
			"Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow",
			"Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Sofia", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich"}},
		{"africa", []string{"Africa/Algiers", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "Africa/Malabo"}},
		{"oceania", []string{"Australia/Adelaide", "Australia/Brisbane", "Australia/Melbourne", "Australia/Perth", "Australia/Sydney",
			"Pacific/Auckland", "Pacific/Guam", "Pacific/Honolulu"}},
		{"other", []string{"Atlantic/Canary", "Atlantic/Reykjavik", "UTC"}},
	}
}

// zonesWith are the groups, with the member's own zone among them whatever it is.
func zonesWith(own string) []zoneGroup {
	groups := zoneGroups()
	if own == "" || slices.ContainsFunc(groups, func(g zoneGroup) bool { return slices.Contains(g.Zones, own) }) {
		return groups
	}
	last := &groups[len(groups)-1]
	last.Zones = append(last.Zones, own)
	return groups
}

// zoneName is a zone as people read it: "Seoul (UTC+09:00)".
func zoneName(zone string, now time.Time) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return zone
	}
	city := zone[strings.LastIndexByte(zone, '/')+1:]
	return strings.ReplaceAll(city, "_", " ") + " (UTC" + now.In(loc).Format("-07:00") + ")"
}

// zoneOr is the zone that a browser named, or none when it named nonsense: a new member can choose later.
func zoneOr(zone string) string {
	var bad fault.Fields
	forum.CheckTimeZone(&bad, zone)
	if len(bad) > 0 {
		return ""
	}
	return zone
}
