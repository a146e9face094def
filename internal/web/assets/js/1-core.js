// Lightstick's one script. Every page works without it; it saves round trips and says what is new.
// T, the texts in the page's language, stands before this. The files of this folder are joined
// into one module; comment lines and indents are dropped, so no string may span lines.
const doc = document;
const lang = doc.documentElement.lang;
const $ = (selector, root = doc) => root.querySelector(selector);
const $$ = (selector, root = doc) => [...root.querySelectorAll(selector)];
const plural = new Intl.PluralRules(lang);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
const count = (forms, n) => say(forms[plural.select(n)] || forms.other, { n: n.toLocaleString(lang) });

// make builds an element: make('a', {href: '/'}, 'text', otherElement).
function make(tag, attributes, ...children) {
	const e = doc.createElement(tag);
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value !== false && value != null) e.setAttribute(name, value === true ? '' : value);
	}
	e.append(...children);
	return e;
}

function icon(name, label) {
	const svg = doc.createElementNS('http://www.w3.org/2000/svg', 'svg');
	const use = doc.createElementNS('http://www.w3.org/2000/svg', 'use');
	use.setAttribute('href', '#i-' + name);
	svg.setAttribute('class', 'i');
	svg.setAttribute('role', 'img');
	svg.setAttribute('aria-label', label);
	svg.append(use);
	return svg;
}

const parse = html => new DOMParser().parseFromString(html, 'text/html');

// plainClick tells a click that should stay on this page from one that opens a tab.
const plainClick = e => e.button === 0 && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey;

// The browser may refuse storage; then nothing is kept, and nothing breaks.
const store = {
	get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
	set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } },
	drop(key) { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
	keys(prefix) { try { return Object.keys(localStorage).filter(k => k.startsWith(prefix)); } catch { return []; } },
};

// Times: the server writes Korea's; the reader's own goes before it, where it differs.
const day = { month: 'short', day: 'numeric' }, hour = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const format = (options, zone) => new Intl.DateTimeFormat(lang, zone ? { ...options, timeZone: zone } : options);
const Korea = 'Asia/Seoul';
const formats = {
	here: format({ ...day, ...hour }), kst: format({ ...day, ...hour }, Korea), kstHour: format(hour, Korea), date: format({ ...day, year: 'numeric' }),
};

function localTimes(root) {
	const year = new Date().getFullYear();
	for (const t of $$('time[datetime]:not([data-kst])', root)) {
		const at = new Date(t.dateTime);
		t.dataset.kst = t.textContent;
		if (isNaN(at) || at.getTimezoneOffset() === -540) continue;
		const korea = say(T.kst, { time: formats.kst.format(at) });
		t.title = formats.here.format(at) + ' · ' + korea;
		if (at.getFullYear() !== year && !('hour' in t.dataset)) {
			t.textContent = formats.date.format(at);
			continue;
		}
		t.textContent = formats.here.format(at) + ' ';
		t.append(make('small', null, '(' + say(T.kst, { time: formats.kstHour.format(at) }) + ')'));
	}
}
