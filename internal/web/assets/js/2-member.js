// What belongs to the reader: see contract.go. Guests cost the site no request.
const account = $('#me');
let member = null;

async function askFragments() {
	if (!account || !$('[data-sign-in]', account) || !/(^|; )ls_member=/.test(doc.cookie)) return;
	const answer = await fetch(account.dataset.fragments + '?page=' + encodeURIComponent(location.pathname), { headers: { Accept: 'application/json' } });
	if (!answer.ok) return;
	const f = await answer.json();
	if (!f.member) {
		doc.cookie = 'ls_member=; path=/; max-age=0';
		return;
	}
	member = f;
	if (f.staff) doc.documentElement.classList.add('staff');
	greet();
	dress(doc);
}

function greet() {
	const mine = $('[data-mine]', account), { name, avatar, admin } = member.member;
	const face = avatar ? make('img', { class: 'av', src: avatar, alt: '', width: 28, height: 28 }) : make('span', { class: 'av', 'aria-hidden': 'true' }, [...name][0] || '?');
	mine.replaceChildren(face, make('span', null, name));
	if (member.unread > 0) mine.append(make('b', { class: 'badge', role: 'img', 'aria-label': count(T.unread, member.unread) }, String(member.unread)));
	$('[data-sign-in]', account).remove();
	if (admin) account.append(make('a', { href: admin }, icon('lock', T.staff)));
}

// dress shows the reader's own reactions and puts edit links beside the reader's own words.
function dress(root) {
	if (!member) return;
	for (const button of $$('button[form=react]', root)) {
		if (!button.hasAttribute('aria-pressed')) button.setAttribute('aria-pressed', 'false');
	}
	for (const [id, names] of Object.entries(member.reactions || {})) {
		const bar = doc.getElementById(id) && $('.do', doc.getElementById(id));
		for (const name of bar && (root === doc || root.id === id) ? names : []) press(reactionButton(bar, id, name), true, 0);
	}
	const own = '/u/' + member.member.handle;
	const things = root === doc ? $$('.post,.c') : [root];
	for (const thing of things) {
		const who = $('.who', thing), bar = $('.do', thing);
		if (!who || !bar || !who.pathname.endsWith(own) || $('.edit', bar)) continue;
		const href = account.dataset.fragments.replace('/fragments', '/edit') + '?target=' + thing.id;
		$('.more', bar).before(make('a', { class: 'edit', href }, T.edit));
	}
}

const kinds = ['lightstick', 'heart', 'laugh', 'wow', 'cry', 'fire'];

// reactionButton finds the button of a reaction, or adds it where the page left it out.
function reactionButton(bar, id, name) {
	const value = id + '.' + name;
	const there = $$('button', bar).find(b => b.value === value);
	if (there) return there;
	const button = make('button', { form: 'react', name: 'r', value, 'aria-pressed': 'false' }, icon(name, T['r_' + name]));
	const rank = kinds.indexOf(name);
	const after = $$('button[form=react]', bar).filter(b => kinds.indexOf(b.value.split('.')[1]) < rank).pop();
	if (after) after.after(button); else bar.prepend(button);
	return button;
}

function press(button, on, by) {
	button.setAttribute('aria-pressed', String(on));
	if (!by) return;
	const shown = $('b', button), n = (shown ? Number(shown.textContent.replace(/\D/g, '')) : 0) + by;
	if (shown) shown.remove();
	if (n > 0) button.append(make('b', null, n.toLocaleString(lang)));
}

async function react(button) {
	const on = button.getAttribute('aria-pressed') !== 'true';
	press(button, on, on ? 1 : -1);
	try {
		const answer = await fetch(button.form.action, { method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams({ r: button.value, on: on ? '1' : '0' }) });
		if (answer.ok) return;
		const refused = await answer.json();
		if (refused.sign_in) location.assign(refused.sign_in + '?next=' + encodeURIComponent(location.pathname));
		tell(refused.message);
	} catch {
		tell(T.wrong);
	}
	press(button, !on, on ? -1 : 1);
}

// tell says something that did not go as wished, aloud and for a while.
function tell(text) {
	let box = $('#tell');
	if (!box) {
		box = make('p', { id: 'tell', class: 'mistakes', role: 'alert' });
		$('main').prepend(box);
	}
	box.textContent = text;
	setTimeout(() => box.remove(), 8000);
}

doc.addEventListener('click', e => {
	const button = e.target.closest('button[form=react]');
	if (button && member) {
		e.preventDefault();
		react(button);
	}
	const plus = e.target.closest('a.plus');
	if (plus && member && plainClick(e)) {
		e.preventDefault();
		const bar = plus.parentElement, id = plus.closest('.post,.c').id;
		const all = kinds.map(name => reactionButton(bar, id, name));
		plus.remove();
		all[1].focus();
	}
});
