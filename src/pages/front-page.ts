import { html } from './html.ts'
import { notice } from './notice.ts'
import { type Page, page } from './page.ts'

/** What the first page says. */
export interface FrontPage {
  readonly version: string
  readonly issuer: string
  /** Paths on this server, by what is there. */
  readonly links: Readonly<Partial<Record<FrontLink, string>>>
  /** True while nobody can log in, and the set-up link works. */
  readonly isEmpty: boolean
}

/** What the first page leads to. */
export type FrontLink = 'docs' | 'openapi' | 'health' | 'metadata'

const titles: Readonly<Record<FrontLink, string>> = {
  docs: 'Try it in Swagger UI',
  openapi: 'OpenAPI document',
  health: 'Health check',
  metadata: 'Metadata for OAuth clients',
}

/** The first page of a server: what runs there, and where to go on. */
export function frontPage({ version, issuer, links, isEmpty }: FrontPage): Page {
  const items = Object.entries(links).map(([name, path]) => {
    return html`<li><a href="${path}">${titles[name as FrontLink]}</a></li>`
  })
  const hint = notice(
    html`There are no users yet: open the link that the server printed when it started. It works for 30 minutes; a restart prints another one.`,
  )
  const body = html`${isEmpty ? hint : ''}<p>Portcullis runs here, version ${version}.</p>
<ul>${items}</ul>
<h2>Log in and call /me</h2>
<pre><code>curl ${issuer}/auth/token \\
  -d username=… --data-urlencode 'password=…'
curl ${issuer}/me \\
  -H 'Authorization: Bearer …'</code></pre>`
  return page({ title: 'Login server', body, wide: true })
}
