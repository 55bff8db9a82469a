/** The colour of links, of the main button and of the focus, unless a site has another. */
export const defaultAccent = { light: '#3049c9', dark: '#93a5ff' } as const

/** What the accent is seen on. */
export const surface = { light: '#ffffff', dark: '#1c1f28' } as const

/**
 * The colours of every page, as custom properties: the light one first.
 *
 * The contrast of each pair of colours is 4.5 at least, and 3 for the borders of controls (WCAG 2.2, 1.4.3 and
 * 1.4.11).
 */
export const colours: string = `--bg: light-dark(#f6f7f9, #13151b);
  --surface: light-dark(${surface.light}, ${surface.dark});
  --text: light-dark(#1b1d24, #eceef4);
  --muted: light-dark(#565b6b, #a9aebd);
  --line: light-dark(#c9cdd8, #3a3f4e);
  --control: light-dark(#7d8496, #7e8598);
  --accent: light-dark(${defaultAccent.light}, ${defaultAccent.dark});
  --on-accent: light-dark(#ffffff, #11142b);
  --danger: light-dark(#b3261e, #ff9087);
  --warning: light-dark(#7a5200, #f2bd62);
  --success: light-dark(#13693f, #66d697);`

/** How every page looks. An application changes it by other values of the custom properties. */
export const style: string = `
:root {
  color-scheme: light dark;
  ${colours}
  --shadow: light-dark(#1b1d241f, transparent);
  font: 16px/1.5 system-ui, sans-serif;
}
*, ::before, ::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 48px 16px; background: var(--bg); color: var(--text);
  display: flex; flex-direction: column; align-items: center; gap: 24px;
}
header { display: flex; align-items: center; gap: 8px; font-weight: 600; }
.logo { color: var(--accent); }
header img { height: 32px; max-width: 240px; object-fit: contain; }
main {
  width: 100%; max-width: 400px; padding: 32px; border-radius: 12px;
  background: var(--surface); border: 1px solid var(--line); box-shadow: 0 2px 8px var(--shadow);
}
main.wide { max-width: 640px; }
h1 { margin: 0 0 16px; font-size: 24px; line-height: 1.25; font-weight: 600; }
h2 { margin: 24px 0 8px; font-size: 18px; font-weight: 600; }
p, ul { margin: 0 0 16px; }
h1, p, li { overflow-wrap: anywhere; }
ul { padding-left: 24px; }
main > :last-child { margin-bottom: 0; }
a { color: var(--accent); }
code { font: 14px/1.5 ui-monospace, monospace; }
pre {
  margin: 0 0 16px; padding: 12px; background: var(--bg); border: 1px solid var(--line); border-radius: 8px;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
.field { margin-bottom: 16px; }
label { display: block; margin-bottom: 4px; font-weight: 600; }
input {
  width: 100%; min-height: 44px; padding: 8px 12px; font: inherit; color: inherit;
  background: var(--surface); border: 1px solid var(--control); border-radius: 8px;
}
input[aria-invalid] { border-color: var(--danger); }
.with-button { display: flex; gap: 8px; }
button {
  flex: none; min-height: 44px; min-width: 72px; padding: 8px 12px; font: inherit; font-weight: 600;
  cursor: pointer; color: inherit; background: var(--surface); border: 1px solid var(--control); border-radius: 8px;
  transition: opacity 120ms;
}
button:hover { opacity: .85; }
button.main { width: 100%; color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
a.main {
  display: block; min-height: 44px; padding: 9px 12px; border: 1px solid var(--accent); border-radius: 8px;
  text-align: center; text-decoration: none; font-weight: 600; color: var(--on-accent); background: var(--accent);
}
button.plain {
  padding: 0; font-weight: inherit; color: var(--accent); background: none; border: 0; text-decoration: underline;
}
button.danger { color: var(--danger); border-color: var(--danger); }
.buttons { display: flex; gap: 8px; }
.buttons button { flex: 1; overflow-wrap: anywhere; }
.who { display: flex; flex-wrap: wrap; align-items: center; gap: 0 8px; margin-top: 16px; }
.who p { margin: 0; }
.who + form, .who + .summary { margin-top: 16px; }
.hint + ul { margin-top: 8px; }
.check { display: flex; align-items: center; gap: 8px; min-height: 44px; margin-bottom: 16px; font-weight: inherit; }
.check input { width: 20px; min-height: 20px; margin: 0; accent-color: var(--accent); }
img.client { display: block; max-width: 64px; max-height: 64px; }
.links { display: flex; flex-wrap: wrap; gap: 0 16px; padding: 0; list-style: none; }
form + p { margin-top: 16px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hint, .error { margin: 4px 0 0; font-size: 14px; }
.hint, .information { color: var(--muted); }
.success .icon { color: var(--success); }
.error, .summary { color: var(--danger); }
.error, .notice, .summary { display: flex; gap: 8px; }
.summary { margin-bottom: 16px; padding: 12px; border: 1px solid; border-radius: 8px; }
.summary p, .summary ul { margin: 0; }
.summary div, .summary ul { display: flex; flex-wrap: wrap; gap: 0 8px; padding: 0; list-style: none; }
.summary a { color: inherit; }
.icon { flex: none; width: 20px; height: 24px; }
[hidden] { display: none; }
@media (max-width: 480px) {
  body { padding: 24px 0; background: var(--surface); }
  main { padding: 0 16px; border: 0; box-shadow: none; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none; } }
`

/**
 * The style of a site with its own accent. What is on the accent stays as it is: a colour with a contrast of
 * 4.5 on the surface has it under that text too.
 */
export function accentStyle({
  light,
  dark,
}: {
  readonly light: string
  readonly dark: string
}): string {
  return `:root { --accent: light-dark(${light}, ${dark}); }\n`
}
