// Forms: toolbar, pictures, preview, drafts, sending without leaving the page.
function enhance(form) {
	if (!form || form.dataset.ready) return;
	form.dataset.ready = '1';
	// What one member writes is not shown to the next who signs in on the same device.
	const area = $('textarea', form), status = $('.buttons .draft', form), key = 'draft:' + form.elements.as?.value + ':' + form.dataset.draft;
	toolbar(form, area);
	if (form.dataset.upload) pictures(form, area);
	if (!waits(form, key, status)) restore(form, key, status);
	let timer = 0;
	form.addEventListener('input', () => {
		clearTimeout(timer);
		timer = setTimeout(() => keep(form, key, status), 600);
		const over = [...area.value].length - Number(area.dataset.max);
		area.setCustomValidity(over > 0 ? say(T.too_long, { n: over.toLocaleString(lang) }) : '');
	});
	area.addEventListener('keydown', e => {
		if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) form.requestSubmit();
	});
	form.addEventListener('submit', e => {
		e.preventDefault();
		clearTimeout(timer);
		keep(form, key, status); // whatever becomes of it
		send(form, key, status);
	});
}

const fields = form => [...new FormData(form)].filter(([, value]) => typeof value === 'string');
const written = form => ['title', 'body'].filter(name => form.elements[name]).map(name => form.elements[name]);

function keep(form, key, status) {
	const values = Object.fromEntries(written(form).map(e => [e.name, e.value]));
	if (!values.body && !values.title) {
		store.drop(key);
		status.textContent = '';
	} else if (store.set(key, { values, at: Date.now() })) {
		status.textContent = T.draft_kept;
	}
}

function restore(form, key, status) {
	for (const old of store.keys('draft:')) {
		if (!(store.get(old)?.at > Date.now() - 30 * 864e5)) store.drop(old);
	}
	const draft = store.get(key);
	if (!draft || written(form).every(e => e.value === (draft.values[e.name] ?? e.value))) return;
	for (const e of written(form)) e.value = draft.values[e.name] ?? e.value;
	const discard = make('button', { type: 'button', class: 'link' }, T.discard);
	discard.addEventListener('click', () => {
		for (const e of written(form)) e.value = e.defaultValue;
		store.drop(key);
		status.replaceChildren();
	});
	status.replaceChildren(T.draft_kept, ' ', discard);
}

// waits shows what this form left in the outbox and reports whether there was anything. It has its key,
// so it is not sent a second time as something new.
function waits(form, key, status) {
	const kept = store.keys('out:').find(k => store.get(k)?.key === key && fits(store.get(k)));
	if (!kept) return false;
	const own = form.elements.once.value, body = new URLSearchParams(store.get(kept).body);
	const discard = make('button', { type: 'button', class: 'link' }, T.discard);
	form.elements.once.value = kept.slice(4);
	for (const e of written(form)) e.value = body.get(e.name) ?? e.value;
	lock(form);
	discard.addEventListener('click', () => {
		for (const k of [kept, key]) store.drop(k);
		for (const e of written(form)) e.value = e.defaultValue;
		form.elements.once.value = own;
		unlock(form);
	});
	status.replaceChildren(T.waiting, ' ', discard);
	return true;
}

// send posts the form. When nobody takes it, it stays in the outbox, where it is before it is sent: its
// tab may be closed at any time.
async function send(form, key, status) {
	const button = $('button.main', form), body = new URLSearchParams(fields(form)).toString(), once = form.elements.once.value;
	if (button.disabled) return;
	button.disabled = true;
	status.textContent = T.sending;
	const out = { action: form.action, body, key, at: Date.now(), next: Date.now() + patience + 5000 };
	store.set('out:' + once, out);
	try {
		const { answer, done } = await deliver(form.action, body);
		store.drop('out:' + once);
		if (answer.ok) {
			store.drop(key);
			arrive(form, done);
		} else {
			refuse(form, done);
		}
		status.textContent = '';
	} catch (late) {
		const kept = keepForLater(once, out, late);
		status.textContent = !kept ? T.wrong : navigator.onLine ? T.waiting : T.offline;
		if (kept) return lock(form);
	}
	button.disabled = false;
}

function arrive(form, done) {
	const li = done.html && $('li', parse(done.html)), panel = form.closest('.panel.inline');
	if (li && panel && $('.cs')) {
		panel.remove();
		place(doc.adoptNode(li));
		li.scrollIntoView({ block: 'nearest' });
	} else if (done.pending && panel) {
		panel.replaceChildren(make('p', { class: 'notice', role: 'status' }, done.pending));
	} else {
		const to = new URL(done.location, location);
		location.assign(to);
		if (to.pathname === location.pathname) location.reload();
	}
}

function refuse(form, why) {
	if (why.sign_in) {
		location.assign(why.sign_in + '?next=' + encodeURIComponent(location.pathname + location.search));
		return;
	}
	$('.mistakes', form)?.remove();
	const box = make('div', { class: 'mistakes', role: 'alert', tabindex: '-1' }, make('p', null, why.message || T.wrong));
	for (const [name, text] of Object.entries(why.fields || {})) {
		box.append(make('p', null, text));
		form.elements[name]?.setAttribute('aria-invalid', 'true');
	}
	form.prepend(box);
	box.focus();
}

// toolbar marks what is selected.
function toolbar(form, area) {
	const bar = $('.tools', form), shown = $('.preview', form);
	const tool = (label, act) => {
		const b = make('button', { type: 'button' }, label);
		b.addEventListener('click', act);
		bar.append(b);
		return b;
	};
	const wrap = (before, after = before) => () => {
		const { selectionStart: a, selectionEnd: z, value } = area;
		area.setRangeText(before + value.slice(a, z) + after, a, z, 'end');
		area.setSelectionRange(a + before.length, z + before.length);
		changed(area);
	};
	tool(T.tool_bold, wrap('**'));
	tool(T.tool_italic, wrap('*'));
	tool(T.tool_quote, wrap('\n> ', '\n'));
	tool(T.tool_spoiler, wrap('||'));
	tool(T.tool_link, wrap('[', '](https://)'));
	if (form.dataset.upload) tool(T.tool_image, () => $('input[type=file]', form).click());
	const preview = tool(T.preview, async () => {
		const on = shown.hidden;
		if (on) {
			const answer = await fetch(form.dataset.preview, { method: 'POST', body: new URLSearchParams({ body: area.value }) }).catch(() => null);
			if (!answer?.ok) return tell(T.wrong);
			shown.replaceChildren(...parse(await answer.text()).body.childNodes);
			readable(shown);
		}
		shown.hidden = !on;
		area.hidden = on;
		preview.textContent = on ? T.write : T.preview;
		preview.setAttribute('aria-pressed', String(on));
	});
	bar.hidden = false;
}

function changed(area) {
	area.dispatchEvent(new Event('input', { bubbles: true }));
	area.focus();
}

// pictures come by picker, paste and drag; each is sent at once and put into the text.
function pictures(form, area) {
	const picker = $('input[type=file]', form);
	picker.removeAttribute('name');
	for (const e of [picker, $('label', picker.parentElement)]) e.hidden = true; // the toolbar has a button for it
	picker.addEventListener('change', () => {
		[...picker.files].forEach(f => upload(form, area, f));
		picker.value = '';
	});
	const take = (e, files) => {
		const images = [...(files || [])].filter(f => f.type.startsWith('image/'));
		if (!images.length) return;
		e.preventDefault();
		images.forEach(f => upload(form, area, f));
	};
	area.addEventListener('paste', e => take(e, e.clipboardData?.files));
	form.addEventListener('dragover', e => {
		e.preventDefault();
		form.classList.add('drop');
	});
	form.addEventListener('dragleave', () => form.classList.remove('drop'));
	form.addEventListener('drop', e => {
		form.classList.remove('drop');
		take(e, e.dataTransfer?.files);
	});
}

function upload(form, area, file) {
	const line = make('li', null), at = area.selectionEnd, data = new FormData(), request = new XMLHttpRequest();
	const alt = prompt(T.alt, '');
	if (alt === null) return;
	data.set('alt', alt);
	data.set('image', file);
	const progress = percent => (line.textContent = say(T.uploading, { name: file.name, percent }));
	const failed = why => (line.textContent = say(T.upload_failed, { why }));
	progress(0);
	$('.uploads', form).append(line);
	request.open('POST', form.dataset.upload);
	request.setRequestHeader('Accept', 'application/json');
	request.responseType = 'json';
	request.upload.onprogress = e => progress(Math.round(100 * e.loaded / e.total));
	request.onerror = () => failed(T.wrong);
	request.onload = () => {
		if (request.status >= 300) return failed(request.response?.message || T.wrong);
		line.remove();
		const where = Math.min(at, area.value.length);
		area.setRangeText('\n' + request.response.markdown + '\n', where, where, 'end');
		changed(area);
	};
	request.send(data);
}

// openInPlace brings the form of a private page to where it is wanted.
async function openInPlace(link) {
	$('.panel.inline')?.remove();
	const answer = await fetch(link.href).catch(() => null);
	const form = answer?.ok && $('form.compose', parse(await answer.text()));
	if (!form) return location.assign(link.href);
	const panel = make('div', { class: 'panel inline' }, doc.adoptNode(form));
	(link.closest('.do') || link.closest('.answer')).after(panel);
	enhance(form);
	$('.cancel', form)?.addEventListener('click', e => {
		e.preventDefault();
		panel.remove();
		link.focus();
	});
	const area = $('textarea', form);
	area.focus();
	area.setSelectionRange(area.value.length, area.value.length);
}
