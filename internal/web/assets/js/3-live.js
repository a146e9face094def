// The live tail: an open post asks for what is new, only while somebody looks. What belongs at the
// end is put there; what belongs between others waits behind a button, so that nothing moves under
// a reader's eyes.
const level = li => Number((li.className.match(/\bd(\d)/) || [0, 0])[1]);

// place puts a comment under the one it answers, or at the end. It is on the page once at most.
function place(li) {
	const list = $('.cs'), old = doc.getElementById(li.id);
	if (old) {
		old.replaceWith(li);
	} else {
		let at = li.dataset.p && doc.getElementById('c' + li.dataset.p);
		if (at && at.parentElement === list) {
			const depth = level(at);
			while (at.nextElementSibling && level(at.nextElementSibling) > depth) at = at.nextElementSibling;
			at.after(li);
		} else {
			list.append(li);
		}
		for (const n of $$('#comments-title .n')) n.textContent = (Number(n.textContent.replace(/\D/g, '')) + 1).toLocaleString(lang);
	}
	$('#comments .none')?.remove();
	li.classList.add('fresh');
	localTimes(li);
	dress(li);
	readable(li);
}

function live(list) {
	const calm = 1600, sleepy = 30000, afterIdle = 120000;
	const waiting = new Map(), below = new Set(), box = $('#live');
	let base = list.dataset.after, delay = calm, timer = 0, moved = Date.now(), busy = false, over = false;

	const plan = ms => {
		clearTimeout(timer);
		if (!over && !doc.hidden) timer = setTimeout(poll, ms);
	};

	// An edge keeps a tail for a second at most, so with the time between two polls nothing is seen
	// later than after three. The browser must not answer from its own store, which holds the last poll.
	async function ask(after) {
		const answer = await fetch(list.dataset.tail + '?after=' + after, { cache: 'no-cache' });
		if (answer.status === 404) over = true;
		if (!answer.ok) throw new Error(String(answer.status));
		const part = $('ol', parse(await answer.text()));
		if (!part) throw new Error('no list');
		for (const li of [...part.children]) {
			if (!doc.getElementById(li.id) && !waiting.has(li.id)) waiting.set(li.id, doc.adoptNode(li));
		}
		return part;
	}

	async function poll() {
		if (busy) return;
		busy = true;
		try {
			const before = waiting.size;
			let part = await ask(base);
			base = part.dataset.after;
			// A burst longer than one answer: read on to its end, but start again from what is settled.
			for (let i = 0; i < 10 && part.dataset.last; i++) part = await ask(part.dataset.last);
			if (waiting.size > before) announce();
			delay = Date.now() - moved > afterIdle ? Math.min(delay * 1.5, sleepy) : calm;
		} catch {
			delay = Math.min(delay * 2, 60000);
		}
		busy = false;
		plan(delay * (0.9 + Math.random() * 0.2));
	}

	function announce() {
		for (const id of [...waiting.keys()]) if (doc.getElementById(id)) waiting.delete(id);
		if (!$('.panel.inline') && !$('#comments .pager [rel=next]')) inOrder().forEach(append);
		const unseen = waiting.size + below.size;
		if (!unseen) return box.replaceChildren();
		const button = make('button', { class: 'main', type: 'button' }, count(T.new_comments, unseen));
		button.addEventListener('click', show);
		box.replaceChildren(button);
	}

	const inOrder = () => [...waiting.values()].sort((a, b) => a.id.slice(1) - b.id.slice(1));

	function append(li) {
		if (li.dataset.p) return;
		waiting.delete(li.id);
		place(li);
		if (li.getBoundingClientRect().top > innerHeight) below.add(li);
	}

	// Whoever scrolls down to what is new needs no button for it any more.
	addEventListener('scroll', () => {
		const before = below.size;
		for (const li of below) if (li.getBoundingClientRect().top < innerHeight) below.delete(li);
		if (below.size < before) announce();
	}, { passive: true });

	function show() {
		const news = [...below, ...inOrder()];
		inOrder().forEach(place);
		waiting.clear();
		below.clear();
		box.replaceChildren();
		news[0].tabIndex = -1;
		news[0].focus({ preventScroll: true });
		news[0].scrollIntoView({ block: 'nearest' });
	}

	doc.addEventListener('visibilitychange', () => (doc.hidden ? clearTimeout(timer) : plan(200)));
	addEventListener('online', () => plan(200));
	for (const sign of ['pointerdown', 'keydown', 'scroll']) {
		addEventListener(sign, () => {
			moved = Date.now();
			if (delay > calm) plan(delay = calm);
		}, { passive: true });
	}
	plan(calm);
}
