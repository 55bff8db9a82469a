import { createHash } from 'node:crypto'
import { type Html, html } from './html.ts'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 28rem; margin: 10vh auto; padding: 0 1rem; }
label { display: block; margin: 1rem 0 .25rem; }
input { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; }
button { margin-top: 1.5rem; padding: .5rem 1.25rem; font: inherit; cursor: pointer; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8886; border-radius: 4px; }
[role=alert] { border-left: 4px solid #c22; padding-left: 1.75rem; }
`
const styleHash = hashOf(style)

/** A document, and the policy under which a browser shows it. */
export interface Page {
  readonly html: string
  /** The value of `Content-Security-Policy`: the page's own style and script, and nothing else. */
  readonly contentSecurityPolicy: string
}

/** What is on a page. */
export interface PageContent {
  readonly title: string
  readonly body: Html
  /** Runs when the body is there. Default none. */
  readonly script?: string
  /** True if the page has a form, which may be sent to this server. Default false. */
  readonly hasForm?: boolean
}

/** Makes a whole document: every page has the same head. */
export function page({ title, body, script, hasForm = false }: PageContent): Page {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} · Portcullis</title>
<style>${{ markup: style }}</style>
</head>
<body>
<h1>${title}</h1>
${body}
${script === undefined ? '' : { markup: `<script>${script}</script>` }}
</body>
</html>
`
  const policy = [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    `style-src '${styleHash}'`,
    `form-action '${hasForm ? 'self' : 'none'}'`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return { html: document.markup, contentSecurityPolicy: policy.join('; ') }
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
