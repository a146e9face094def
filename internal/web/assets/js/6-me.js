// Private pages: what a form can do better with a script.
for (const field of $$('input[type=password]')) {
	const peek = make('button', { type: 'button', 'aria-pressed': 'false', 'aria-controls': field.id }, T.show);
	peek.addEventListener('click', () => {
		const open = field.type === 'password';
		field.type = open ? 'text' : 'password';
		peek.textContent = open ? T.hide : T.show;
		peek.setAttribute('aria-pressed', String(open));
		field.focus();
	});
	const frame = make('span', { class: 'peek' });
	field.replaceWith(frame);
	frame.append(field, peek);
	field.form.addEventListener('submit', () => (field.type = 'password'));
}
for (const zone of $$('input[type=hidden][name=time_zone]')) {
	zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone || '';
}
$('form.plain .mistakes, form.compose .mistakes')?.focus();
$('#secret')?.select();
