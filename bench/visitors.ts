// Visitors of a running server, of every kind, each of whom ends what they begin: what is open when they
// have gone was forgotten by the server.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { sourceOf } from './serving.ts'

/** Where they go, and as whom. */
export interface Destination {
  readonly url: string
  /** An administrator. */
  readonly username: string
  readonly password: string
  /** A client with the grant client_credentials, which may introspect. */
  readonly clientId: string
  readonly clientSecret: string
}

/** One visit from its beginning to its end. No two have the same number. */
export type Visit = (number: number) => Promise<void>

interface Asked {
  readonly method?: string
  readonly token?: string
  readonly form?: Readonly<Record<string, string>>
  readonly json?: object
  /** Whose connections are used; by default a new one, which is closed after the answer. */
  readonly agent?: Agent
}

/** Visits by name. Each fails if an answer is not the one that it should be. */
export function createVisits(to: Destination): Readonly<Record<string, Visit>> {
  const { hostname, port } = new URL(to.url)
  const client = { client_id: to.clientId, client_secret: to.clientSecret }
  const me = '/me'

  /** Sends a request from the address of a visitor, and returns what the answer holds as JSON. */
  async function ask(number: number, status: number, path: string, asked: Asked = {}) {
    const { token, form, json, agent } = asked
    const body = form ? new URLSearchParams(form).toString() : json && JSON.stringify(json)
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json'
    const sent = request(to.url + path, {
      method: asked.method ?? (form ? 'POST' : 'GET'),
      agent: agent ?? false,
      headers: {
        'x-forwarded-for': sourceOf(number),
        ...(body !== undefined && {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
        }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    })
    sent.end(body)
    const [response] = await once(sent, 'response')
    const text = Buffer.concat(await response.toArray()).toString()
    assert.equal(response.statusCode, status, `${path}: ${text}`)
    return /json/.test(response.headers['content-type']) ? JSON.parse(text) : {}
  }

  const logIn = (number: number, agent?: Agent) =>
    ask(number, 200, '/auth/token', {
      form: { username: to.username, password: to.password },
      ...(agent && { agent }),
    })

  /** Sends bytes. Resolves when they are on their way, or with `whole` when the server has closed. */
  async function sendBytes(bytes: string, whole = false): Promise<void> {
    const socket = connect({ host: hostname, port: Number(port) })
    // A server that has heard enough may close before it has read everything.
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    await new Promise((resolve) => socket.write(bytes, resolve))
    if (whole) socket.resume()
    else socket.destroy()
    await closed
  }

  return {
    async comesAndGoes(number) {
      const first = await logIn(number)
      await ask(number, 200, me, { token: first.access_token })
      const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token }
      const next = await ask(number, 200, '/auth/token', { form: refresh })
      await ask(number, 200, me, { token: next.access_token })
      await ask(number, 200, '/auth/revoke', { form: { token: next.refresh_token } })
      await ask(number, 401, me, { token: next.access_token })
    },

    async staysConnected(number) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const { access_token: token } = await logIn(number, agent)
      for (let times = 0; times < 20; times++) await ask(number, 200, me, { token, agent })
      await ask(number, 200, '/auth/revoke', { form: { token }, agent })
      agent.destroy()
    },

    async guesses(number) {
      const form = { username: `guess-${number}`, password: to.password }
      await ask(number, 401, '/auth/token', { form })
    },

    async asksAboutTokens(number) {
      const form = { grant_type: 'client_credentials', ...client }
      const { access_token: token } = await ask(number, 200, '/auth/token', { form })
      for (const [asked, active] of [
        [token, true],
        ['a.b.c', false],
      ]) {
        const about = { form: { token: asked, ...client } }
        const answer = await ask(number, 200, '/auth/introspect', about)
        assert.equal(answer.active, active)
      }
    },

    async isBroken(number) {
      await ask(number, 404, '/nothing')
      await ask(number, 401, me, { token: 'a.b.c' })
      await ask(number, 400, '/auth/token', { form: { grant_type: 'nonsense' } })
      await sendBytes('this is not HTTP\r\n\r\n', true)
      await sendBytes('POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', true)
    },

    async hangsUp(number) {
      const form = `username=guess-${number}&password=${encodeURIComponent(to.password)}`
      const head = [
        'POST /auth/token HTTP/1.1',
        'Host: x',
        `X-Forwarded-For: ${sourceOf(number)}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${form.length}`,
      ].join('\r\n')
      await sendBytes(head)
      await sendBytes(`${head}\r\n\r\n${form.slice(0, 9)}`)
      await sendBytes(`${head}\r\n\r\n${form}`)
    },

    async readsDocuments(number) {
      for (const path of [
        ...['/docs', '/docs/static/swagger-ui.css', '/openapi.json', '/health/ready'],
        ...['/.well-known/jwks.json', '/.well-known/oauth-authorization-server'],
      ]) {
        await ask(number, 200, path)
      }
    },

    async administers(number) {
      const { access_token: token } = await logIn(number)
      const user = { username: `visitor-${number}`, password: to.password }
      const made = { method: 'POST', token, json: user }
      const { id } = await ask(number, 201, '/admin/users', made)
      for (const path of ['/stats', '/users', `/users/${id}`, `/users/${id}/sessions`, '/events']) {
        await ask(number, 200, `/admin${path}`, { token })
      }
      await ask(number, 204, `/admin/users/${id}`, { method: 'DELETE', token })
      await ask(number, 200, '/auth/revoke', { form: { token } })
    },
  }
}
