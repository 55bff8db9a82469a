// A browser as far as the login pages need one: it keeps cookies, follows what a browser follows, and sends forms
// as a browser does. It runs no script.

import assert from 'node:assert/strict'

/** A form of a page. */
export interface PageForm {
  readonly action: string
  /** What it is sent with, unless somebody types: hidden fields and values. */
  readonly fields: Readonly<Record<string, string>>
  /** Name and value of each button that has a name. */
  readonly buttons: readonly (readonly [string, string])[]
}

/** What a browser has come to: a page, or an address of another origin that it was sent to. */
export interface Arrival {
  /** Where it is. */
  readonly url: URL
  /** True for an address of another origin, which was not asked for. */
  readonly isElsewhere: boolean
  readonly status: number
  readonly headers: Headers
  readonly html: string
  /** What `data-page` says: `login`, `consent`, `error`, … */
  readonly kind: string | null
  /** Its heading. */
  readonly title: string
  readonly forms: readonly PageForm[]
  /** All that was asked for on the way here, the last one included. */
  readonly hops: readonly Hop[]
}

/** One request and its answer. */
export interface Hop {
  readonly method: string
  readonly url: URL
  readonly status: number
  readonly headers: Headers
}

/** Answers a request, as `oauthEndpoints` and others do. */
export type Answering = (request: Request) => Promise<Response | null>

/** What somebody types into a form, and where from it is sent. */
export interface Sending {
  /** The button that is pressed, by its value. Default: the one without a name. */
  readonly button?: string
  /** The form of the page, by its place. Default 0. */
  readonly form?: number
  /** Headers that differ from those of a browser; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export interface TestBrowser {
  /** The cookies of the server, by name. */
  readonly cookies: Map<string, string>
  /** Goes to an address, as by a link of another site. */
  open(url: string, headers?: Readonly<Record<string, string | undefined>>): Promise<Arrival>
  /** Sends a form of a page. */
  send(page: Arrival, typed?: Readonly<Record<string, string>>, sending?: Sending): Promise<Arrival>
  /** Sends a form from the page of another site. */
  post(
    url: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<Arrival>
}

/** @param origin The only one that it asks. */
export function openBrowser(origin: string, answering: Answering): TestBrowser {
  const cookies = new Map<string, string>()

  async function ask(
    method: string,
    url: URL,
    headers: Readonly<Record<string, string | undefined>>,
    body?: string,
  ): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const all = { 'accept-language': 'en', ...(cookie && { cookie }), ...headers }
    const given = Object.entries(all).filter(([, value]) => value !== undefined)
    const request = new Request(url, {
      ...{ method, headers: given as [string, string][], redirect: 'manual' },
      ...(body !== undefined && { body }),
    })
    const answer = (await answering(request)) ?? new Response('', { status: 404 })
    for (const line of answer.headers.getSetCookie()) keep(line)
    return answer
  }

  function keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    if (attributes.includes('Max-Age=0')) cookies.delete(name)
    else cookies.set(name, value)
  }

  /** Goes on until there is something to be seen, or the way leads elsewhere. */
  async function follow(
    method: string,
    url: URL,
    headers: Readonly<Record<string, string | undefined>>,
    body?: string,
    hops: readonly Hop[] = [],
  ): Promise<Arrival> {
    assert.ok(hops.length < 10, 'the way goes in a circle')
    if (url.origin !== origin) return elsewhere(url, hops)
    const answer = await ask(method, url, headers, body)
    const html = await answer.text()
    const { status } = answer
    const soFar = [...hops, { method, url, status, headers: answer.headers }]
    const next = answer.headers.get('location') ?? refreshOf(html)
    if (next === null) return arrive(url, answer, html, soFar)
    assert.ok(status === 303 || status === 200, `a way on with the status ${status}`)
    const { 'accept-language': language } = headers
    const kept = {
      'sec-fetch-site': headers['sec-fetch-site'],
      'accept-language': language ?? 'en',
    }
    return await follow('GET', new URL(next, url), kept, undefined, soFar)
  }

  return {
    cookies,
    open: (url, headers = {}) =>
      follow('GET', new URL(url, origin), { 'sec-fetch-site': 'cross-site', ...headers }),
    async send(page, typed = {}, { button, form = 0, headers = {} } = {}) {
      const found = page.forms[form] ?? assert.fail(`the page has no form ${form}: ${page.html}`)
      const pressed = found.buttons.find(([, value]) => value === button)
      assert.ok(button === undefined || pressed, `no button ${button}`)
      const fields = { ...found.fields, ...typed, ...(pressed && { [pressed[0]]: pressed[1] }) }
      const url = new URL(found.action, page.url)
      const own = { 'sec-fetch-site': 'same-origin', origin }
      return await follow('POST', url, { ...formType, ...own, ...headers }, encode(fields))
    },
    post: (url, fields, headers = {}) =>
      follow(
        'POST',
        new URL(url, origin),
        {
          ...{ ...formType, 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
          ...headers,
        },
        encode(fields),
      ),
  }
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

function encode(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString()
}

function elsewhere(url: URL, hops: readonly Hop[]): Arrival {
  const [last] = hops.slice(-1)
  return {
    ...{
      url,
      isElsewhere: true,
      status: last?.status ?? 0,
      headers: last?.headers ?? new Headers(),
    },
    ...{ html: '', kind: null, title: '', forms: [], hops },
  }
}

function arrive(
  url: URL,
  { status, headers }: Response,
  html: string,
  hops: readonly Hop[],
): Arrival {
  return {
    ...{ url, isElsewhere: false, status, headers, html, hops, forms: formsOf(html) },
    kind: /<body[^>]* data-page="([^"]*)"/.exec(html)?.[1] ?? null,
    title: textOf(/<h1>(.*?)<\/h1>/s.exec(html)?.[1] ?? ''),
  }
}

function refreshOf(html: string): string | null {
  const [, url] = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(html) ?? []
  return url === undefined ? null : textOf(url)
}

function formsOf(html: string): readonly PageForm[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(
    ([, attributes = '', inside = '']) => ({
      action: attribute(attributes, 'action') ?? '',
      fields: Object.fromEntries(
        [...inside.matchAll(/<input\b([^>]*)>/g)]
          .map(([, input = '']) => input)
          .filter((input) => attribute(input, 'type') !== 'checkbox')
          .map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
      ),
      buttons: [...inside.matchAll(/<button\b([^>]*)>/g)].flatMap(([, button = '']) => {
        const name = attribute(button, 'name')
        return name === null ? [] : [[name, attribute(button, 'value') ?? ''] as const]
      }),
    }),
  )
}

function attribute(text: string, name: string): string | null {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text)?.[1]
  return found === undefined ? null : textOf(found)
}

/** Our pages escape by number alone. */
function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
}

/** The text of an arrival's page, without its tags. */
export function wordsOf({ html }: Arrival): string {
  return textOf(html.replace(/<style>.*?<\/style>/s, '')).replace(/\s+/g, ' ')
}
