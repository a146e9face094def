// The outbox keeps what nobody took: without a network, or while the site takes no new texts. It
// lasts across a closed tab and is sent once, later; the key in "once" makes sending twice harmless.
// The site knows a key for 24 hours, so what is older, or has an age that nobody knows because a clock
// was set, stays a draft and is never sent by itself.
const longest = 20 * 36e5, ahead = 2 * 36e5, patience = 20000;
const fits = out => out?.at > Date.now() - longest && out.at < Date.now() + ahead;

// deliver posts a form. It throws when nobody took it and a later try may do better, with the
// milliseconds that the site asks to wait in "after". What does not speak like the site is not the
// site: a network that wants to be signed into answers, too.
async function deliver(action, body) {
	const answer = await fetch(action, {
		method: 'POST', body, signal: AbortSignal.timeout?.(patience),
		headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
	});
	const done = await answer.json().catch(() => null);
	if (answer.status >= 500 || answer.status === 408 || answer.status === 429 || done?.code === 'idempotency_in_flight' || !(answer.ok ? done?.location : done?.code)) {
		throw Object.assign(new Error(String(answer.status)), { after: 1000 * Number(answer.headers.get('Retry-After')) || 0 });
	}
	return { answer, done };
}

// keepForLater puts a text into the outbox, or back into it for longer than the time before.
function keepForLater(once, out, late) {
	const tries = (out.tries || 0) + 1;
	const wait = Math.min(36e5, Math.max(late?.after || 0, Math.min(60000, 1000 * 2 ** tries))) * (0.75 + Math.random() / 2);
	const kept = store.set('out:' + once, { ...out, tries, next: Date.now() + wait });
	if (kept) wake();
	return kept;
}

let waking = 0;

// wake plans the next round for the text that is due first.
function wake() {
	const due = store.keys('out:').map(key => store.get(key)?.next || 0);
	clearTimeout(waking);
	if (due.length) waking = setTimeout(() => flush(), Math.max(500, Math.min(...due) - Date.now()));
}

// flush sends what is due, in one tab at a time. With all, it does not wait for what is due later.
async function flush(all) {
	if (!store.keys('out:').length || !navigator.onLine) return;
	const round = async () => {
		for (const key of store.keys('out:')) {
			const out = store.get(key);
			if (!fits(out)) store.drop(key);
			else if (all || !(out.next > Date.now() && out.next < Date.now() + ahead)) await sendKept(key.slice(4), out);
		}
	};
	await (navigator.locks ? navigator.locks.request('lightstick-outbox', { ifAvailable: true }, lock => lock && round()) : round());
	wake();
}

async function sendKept(once, out) {
	try {
		const { answer, done } = await deliver(out.action, out.body);
		// Whoever wrote it is signed out, or somebody else is signed in: it waits for them.
		if (answer.status === 401 || done.code === 'other_account') return keepForLater(once, out, { after: 60000 });
		store.drop('out:' + once);
		const open = $$('form.compose').find(f => f.elements.once.value === once);
		if (open) unlock(open);
		if (!answer.ok) {
			if (open) refuse(open, done); else tell(done.message); // the draft is still there
			return;
		}
		store.drop(out.key);
		if (open) arrive(open, done);
		else $('main').prepend(make('p', { class: 'notice', role: 'status' }, make('a', { href: done.location }, T.sent)));
	} catch (late) {
		if (store.get('out:' + once)) keepForLater(once, out, late); // else another tab had an answer meanwhile
	}
}

function lock(form) {
	for (const e of written(form)) e.readOnly = true;
	$('button.main', form).disabled = true;
}

function unlock(form) {
	for (const e of written(form)) e.readOnly = false;
	$('button.main', form).disabled = false;
	$('.buttons .draft', form).textContent = '';
}

addEventListener('online', () => flush(true));
doc.addEventListener('visibilitychange', () => { if (!doc.hidden) flush(); });
