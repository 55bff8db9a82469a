import { createHash } from 'node:crypto'
import { type Html, html } from './html.ts'
import { partsOf, portcullisSite, type Site, sourceOf } from './site.ts'

/** A document, and the policy under which a browser shows it. */
export interface Page {
  readonly html: string
  /** The value of `Content-Security-Policy`: the page's own style, icon and script, and nothing else. */
  readonly contentSecurityPolicy: string
}

/** What is on a page. */
export interface PageContent {
  /** What the page is for: its heading. */
  readonly title: string
  readonly body: Html
  /** Runs when the body is there. Default none. */
  readonly script?: string
  /** Scripts of this server: paths. They run when the whole page is there, and may ask this server. Default none. */
  readonly scripts?: readonly string[]
  /** True if the page has a form, which may be sent to this server. Default false. */
  readonly hasForm?: boolean
  /** True if the form is sent to another server, which may redirect it to any other. Default false. */
  readonly leaves?: boolean
  /** Stands in the head as well. Default nothing. */
  readonly head?: Html
  /** Styles beyond those of every page, before those of the site. Default none. */
  readonly style?: string
  /** What the page is, for programs that drive a browser: `data-page` of its body. Default none. */
  readonly kind?: string
  /** The pictures on it, besides the logo of the site. Default none. */
  readonly images?: readonly string[]
  /** True for a page with commands on it, which need more than the width of a form. Default false. */
  readonly wide?: boolean
  /** Whose page it is. Default: Portcullis. */
  readonly site?: Site
  /** The language of the page. Default `en`. */
  readonly lang?: string
}

/** Makes a whole document: every page has the same head, and one card. */
export function page(content: PageContent): Page {
  const { title, body, script, wide = false, head, kind } = content
  const { site = portcullisSite, lang = 'en', images = [], scripts = [] } = content
  const { header, icon, style, imageSources } = partsOf(site, content.style)
  const document = html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${site.name}</title>
<link rel="icon" href="${icon}">
${head === undefined ? '' : html`${head}\n`}${scripts.map(scriptAt)}<style>${{ markup: style }}</style>
</head>
<body${kind === undefined ? '' : html` data-page="${kind}"`}>
${header}
<main${wide ? html` class="wide"` : ''}>
<h1>${title}</h1>
${body}
</main>
${script === undefined ? '' : { markup: `<script>${script}</script>` }}
</body>
</html>
`
  const policy = [
    "default-src 'none'",
    ...scriptPolicy(content),
    `style-src '${hashOf(style)}'`,
    ['img-src data:', ...new Set([...imageSources, ...images.flatMap(sourceOf)])].join(' '),
    ...formPolicy(content),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return { html: document.markup, contentSecurityPolicy: policy.join('; ') }
}

function scriptPolicy({ script, scripts = [] }: PageContent): readonly string[] {
  const sources = [
    ...(scripts.length > 0 ? ["'self'"] : []),
    ...(script === undefined ? [] : [`'${hashOf(script)}'`]),
  ]
  if (sources.length === 0) return []
  return [`script-src ${sources.join(' ')}`, ...(scripts.length > 0 ? ["connect-src 'self'"] : [])]
}

/** Chromium and Safari hold the directive against every redirect after a form: one that leaves has none. */
function formPolicy({ hasForm = false, leaves = false }: PageContent): readonly string[] {
  return leaves ? [] : [`form-action '${hasForm ? 'self' : 'none'}'`]
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

// No template with a tag: where one ends a script, bundlers call a helper of theirs.
function scriptAt(path: string): Html {
  return { markup: `<script ${html`src="${path}"`.markup} defer></script>\n` }
}
