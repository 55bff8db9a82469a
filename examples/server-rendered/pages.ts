import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type AuthClient, AuthClientError, createClient } from 'portcullis/client'

export interface PagesOptions {
  /** False for development over http. Default true. */
  readonly https?: boolean
  /** The address of the proxy in front of the pages. Default: there is none. */
  readonly trustProxy?: string
}

/** The pages of an application. `api` is the URL of the server with /auth/token and /me. */
export function buildPages(api: string, options: PagesOptions = {}): FastifyInstance {
  const { https = true, trustProxy = '' } = options
  const app = Fastify({ trustProxy: trustProxy || false })
  const cookieName = https ? '__Host-login' : 'login'
  const attributes = `Path=/; HttpOnly; SameSite=Lax${https ? '; Secure' : ''}`
  // The tokens of each browser. They stay in this process, so a restart logs everyone out.
  const logins = new Map<string, AuthClient>()

  const loginOf = ({ headers }: FastifyRequest): string => {
    const cookies = new Map(headers.cookie?.split('; ').map((pair) => splitPair(pair)))
    return cookies.get(cookieName) ?? ''
  }

  // CSRF: a form of another site changes nothing here, not even who is logged in.
  app.addHook('onRequest', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    if (request.headers['sec-fetch-site'] === 'same-origin') return
    return reply.code(403).send('Use the form of this site.')
  })
  const form = 'application/x-www-form-urlencoded'
  app.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  )

  app.get('/login', (_request, reply) => sendPage(reply, loginForm))

  app.post<{ Body: URLSearchParams }>('/login', async (request, reply) => {
    const client = clientFor(api, request.ip)
    try {
      await client.login(request.body.get('username') ?? '', request.body.get('password') ?? '')
    } catch (error) {
      if (!(error instanceof AuthClientError)) throw error
      // 401 for a wrong password, 429 for one too many, and no status where no answer came.
      return sendPage(
        reply.code(error.status ?? 503),
        `<p>${escapeHtml(error.message)}</p>${loginForm}`,
      )
    }
    logins.delete(loginOf(request))
    // A new number for each login, so that a number planted before it is worth nothing.
    const login = randomBytes(32).toString('base64url')
    logins.set(login, client)
    reply.header('set-cookie', `${cookieName}=${login}; ${attributes}`)
    return reply.redirect('/', 303)
  })

  app.get('/', async (request, reply) => {
    // The client refreshes its tokens when needed. After a log-out anywhere the answer is 401.
    const me = await logins.get(loginOf(request))?.fetch('me')
    if (me?.status !== 200) return reply.redirect('/login', 303)
    const { username } = (await me.json()) as { readonly username: string }
    return sendPage(reply, `<h1>Hello, ${escapeHtml(username)}</h1>${logoutForm}`)
  })

  app.post('/logout', async (request, reply) => {
    const login = loginOf(request)
    const client = logins.get(login)
    logins.delete(login)
    await client?.logout()
    reply.header('set-cookie', `${cookieName}=; Max-Age=0; ${attributes}`)
    return reply.redirect('/login', 303)
  })
  return app
}

/** Tells the server the address of the browser, which failed logins are counted by. */
function clientFor(url: string, address: string): AuthClient {
  return createClient({
    url,
    fetch: (input, init) => {
      const request = new Request(input, init)
      request.headers.set('x-forwarded-for', address)
      return fetch(request)
    },
  })
}

const loginForm = `<form method="post" action="/login">
  <label>Name <input name="username" autocomplete="username" required></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <button>Log in</button>
</form>`

const logoutForm = '<form method="post" action="/logout"><button>Log out</button></form>'

function sendPage(reply: FastifyReply, body: string): FastifyReply {
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store')
  return reply.send(`<!doctype html><html lang="en"><title>Example</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${body}</html>`)
}

function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
