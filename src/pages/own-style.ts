/** What pages for users who are logged in need beyond the style of every page. */
export const ownStyle = `.items { margin: 0 0 16px; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.items > li { padding: 12px 0; border-bottom: 1px solid var(--line); }
.items .name { margin: 0; font-weight: 600; }
.items .hint { margin: 0; }
main > .back { margin-top: 24px; }
.items p { margin: 0; }
.items .badge { color: var(--success); font-size: 14px; }
.items form, .items details { margin-top: 8px; }
.items ul { margin: 4px 0 0; font-size: 14px; }
summary { padding: 10px 0; cursor: pointer; color: var(--accent); }
details form { margin: 0 0 8px; }
.actions { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 8px; margin: 0 0 16px; }
.actions[hidden] { display: none; }
.items .actions { gap: 0 16px; margin: 0; }
.items .actions details[open] { width: 100%; }
dl { margin: 0 0 16px; }
dt { color: var(--muted); font-size: 14px; }
dd { margin: 0 0 8px; overflow-wrap: anywhere; }
select {
  width: 100%; min-height: 44px; padding: 8px 12px; font: inherit; color: inherit;
  background: var(--surface); border: 1px solid var(--control); border-radius: 8px;
}
fieldset { margin: 0 0 16px; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
fieldset .check { margin-bottom: 0; }
.qr svg { display: block; width: 208px; max-width: 100%; height: auto; margin: 0 auto 16px; border-radius: 8px; }
.codes { padding: 12px 16px; list-style: none; background: var(--bg); border: 1px solid var(--line); border-radius: 8px; }
.codes code { font-size: 16px; }
section > :last-child { margin-bottom: 0; }
@media print { body { background: none; } header, button, .actions, main > p > a { display: none; } }
`
