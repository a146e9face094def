// Reading: spoilers, videos, pictures.
function readable(root) {
	for (const s of $$('span.spoiler', root)) {
		s.setAttribute('role', 'button');
		s.setAttribute('aria-expanded', 'false');
		s.title = T.spoiler;
	}
	for (const card of $$('a.card[data-youtube]', root)) card.title = T.play;
}

function uncover(s) {
	s.setAttribute('aria-expanded', String(s.classList.toggle('on')));
}

// Nothing is asked of YouTube before this click.
function play(card) {
	card.replaceWith(make('iframe', {
		class: 'video', src: 'https://www.youtube-nocookie.com/embed/' + card.dataset.youtube + '?autoplay=1',
		title: $('.card-title', card)?.textContent || 'YouTube', allow: 'autoplay; encrypted-media; fullscreen', allowfullscreen: true,
	}));
}

function enlarge(link) {
	const box = make('dialog', null, make('img', { src: link.href, alt: $('img', link).alt }));
	const close = make('button', { type: 'button' }, T.close);
	close.addEventListener('click', () => box.close());
	box.append(close);
	box.addEventListener('close', () => {
		box.remove();
		link.focus();
	});
	doc.body.append(box);
	box.showModal();
}

doc.addEventListener('click', e => {
	const at = selector => e.target.closest(selector);
	const spoiler = at('span.spoiler');
	if (spoiler) {
		if (!spoiler.classList.contains('on')) e.preventDefault();
		uncover(spoiler);
	}
	if (!plainClick(e)) return;
	const card = at('a.card[data-youtube]'), image = at('.md a.image'), form = member && at('a.reply,a.edit');
	if (!card && !image && !form) return;
	e.preventDefault();
	if (card) play(card);
	else if (image) enlarge(image);
	else openInPlace(form);
});

doc.addEventListener('keydown', e => {
	if ((e.key === 'Enter' || e.key === ' ') && e.target.matches?.('span.spoiler')) {
		e.preventDefault();
		uncover(e.target);
	}
});

// The server says "in 3 days"; from there a clock runs. Who wants no motion keeps the words.
function countdowns(list) {
	if (!list.length) return;
	const still = matchMedia('(prefers-reduced-motion:reduce)');
	const relative = new Intl.RelativeTimeFormat(lang), whole = new Intl.NumberFormat(lang, { style: 'unit', unit: 'day', unitDisplay: 'long' });
	const two = n => String(Math.floor(n)).padStart(2, '0');
	const left = ms => {
		const days = Math.floor(ms / 864e5), hours = ms / 36e5 % 24, minutes = ms / 6e4 % 60;
		if (!still.matches) return (days ? whole.format(days) + ' ' : '') + two(hours) + ':' + two(minutes) + ':' + two(ms / 1e3 % 60);
		if (days) return relative.format(days, 'day');
		return hours >= 1 ? relative.format(Math.floor(hours), 'hour') : relative.format(Math.ceil(minutes), 'minute');
	};
	const tick = () => {
		const now = Date.now();
		for (const e of list) {
			const until = new Date(e.dataset.starts) - now;
			e.textContent = until > 0 ? left(until) : T.event_now;
			e.hidden = now >= new Date(e.dataset.ends);
		}
		const beat = still.matches ? 6e4 : 1e3;
		setTimeout(tick, beat - now % beat);
	};
	tick();
}

// Tells the site that a post was really looked at, once, by nobody in particular.
function seen(post) {
	const tell = () => navigator.sendBeacon?.('/me/seen', new URLSearchParams({ post }));
	if (doc.visibilityState === 'visible' && !doc.prerendering) tell();
	else doc.addEventListener('visibilitychange', tell, { once: true });
}

if ($('article.post')) seen($('article.post').id.slice(1));
localTimes(doc);
readable(doc);
countdowns($$('[data-starts]'));
$$('form.compose').forEach(enhance);
if ($('.cs[data-tail]')) live($('.cs[data-tail]'));
askFragments().catch(() => {});
if (doc.cookie.includes('ls_member=')) flush(true);

// A row of tabs is wider than a phone: it starts at the one that is open.
for (const t of $$('.tabs [aria-current]')) t.parentElement.scrollLeft = t.offsetLeft - t.parentElement.offsetLeft - 24;
