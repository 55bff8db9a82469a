// A login page of one's own, and a page for the user who is logged in, whose form no other site can send.

import Fastify, { type FastifyReply } from 'fastify'
import { createAuth, optional, ThrottledError } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { hostedLogin, hostedPages } from 'portcullis/hosted-login'
import { sqlite } from 'portcullis/stores/sqlite'
import { port, serverUrl } from './urls.ts'

const auth = await createAuth({
  store: sqlite('app.db'),
  issuer: serverUrl,
  hostedLogin: hostedLogin({ pages: { login: { redirectTo: '/sign-in' } } }),
})
// Only while there are no users.
const { ADMIN_PASSWORD: first } = process.env
if (first) await auth.users.createFirst({ username: 'alice', password: first, role: 'admin' })
const { complete, currentUser } = hostedPages(auth)

const app = Fastify()
await app.register(portcullis, { auth })
const form = 'application/x-www-form-urlencoded'
app.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) =>
  done(null, new URLSearchParams(String(body))),
)

// Without an action a form is sent to its own address, with the parameter `continue`.
app.get('/sign-in', (_request, reply) => sendPage(reply, signIn()))

app.post<{ Body: URLSearchParams }>('/sign-in', async (request, reply) => {
  const [username, password] = ['username', 'password'].map((name) => request.body.get(name) ?? '')
  try {
    // Counts the attempt; null for every wrong one.
    const user = await auth.authenticate({
      ...{ username: username ?? '', password: password ?? '', address: request.ip },
    })
    if (user === null) return sendPage(reply.code(400), signIn('That was not right.'))
    const answer = await complete(request, user, { address: request.ip })
    reply.header('set-cookie', [...answer.cookies])
    return reply.code(answer.status).headers(answer.headers).send(answer.body)
  } catch (error) {
    if (!(error instanceof ThrottledError)) throw error
    return sendPage(reply.code(429), signIn('Too many attempts. Try again later.'))
  }
})

const notes = new Map<string, string>()

app.get(
  '/',
  secured(optional(currentUser), (user, _request, reply) =>
    user === null
      ? reply.redirect('/sign-in', 303)
      : sendPage(
          reply,
          `<h1>Hello, ${escapeHtml(user.username)}</h1><p>${escapeHtml(notes.get(user.id) ?? '')}</p>
<form method="post" action="/note"><label>Note <input name="note"></label><button>Save</button></form>`,
        ),
  ),
)

// `currentUser` refuses a form that is not of a page of this origin: there is no hidden token to forget.
app.post<{ Body: URLSearchParams }>(
  '/note',
  secured(currentUser, (user, request, reply) => {
    notes.set(user.id, request.body.get('note') ?? '')
    return reply.redirect('/', 303)
  }),
)

await app.listen({ port })
console.log(serverUrl)

function signIn(problem = ''): string {
  return `<h1>Welcome</h1><p role="alert">${problem}</p><form method="post">
<label>Name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button></form>`
}

function sendPage(reply: FastifyReply, body: string): FastifyReply {
  reply.headers({ 'content-type': 'text/html; charset=utf-8', 'x-frame-options': 'DENY' })
  return reply.header('cache-control', 'no-store').send(`<!doctype html><html lang="en">
<title>Example</title><link rel="icon" href="data:,">${body}</html>`)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
