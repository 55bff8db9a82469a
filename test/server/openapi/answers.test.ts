// Every answer that the document names is brought about once, and judged by the document.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../../src/core/auth.ts'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { UnavailableError } from '../../../src/core/errors.ts'
import { keycloak } from '../../../src/issuers/keycloak.ts'
import { buildApp } from '../../../src/server/app.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import { otherPassword } from '../fixtures.ts'
import {
  createJudge,
  type Judge,
  type OpenapiDocument,
  type Route,
  readDocument,
  routesOf,
  type Schema,
} from './document.ts'

const secret = 'a secret of 32 bytes, for a test'
const issuer = 'https://sso.example.com/realms/staff'

let isDown = false
let app: FastifyInstance
let auth: Auth
let document: OpenapiDocument
let routes: ReadonlyMap<string, Route>
let judge: Judge
/** Who asks, unless it is said: an administrator. */
let admin = { id: '', token: '' }
let member = { id: '', token: '' }

/** `operation status` of each answer that was judged. */
const seen = new Set<string>()
/** `Schema.property` of each that was missing once. */
const absent = new Set<string>()

before(async () => {
  auth = await createTestAuth({
    store: breakable(memory()),
    issuers: [keycloak({ issuer, audience: 'api', users: 'link', jwksUri: `${issuer}/keys` })],
    clients: [{ id: 'job', secret, scopes: ['jobs:run'], grants: ['client_credentials'] }],
    permissions: { 'jobs:run': 'Run jobs' },
  })
  app = await buildApp({ auth })
  document = await readDocument(app)
  routes = new Map(routesOf(document).map((route) => [route.operationId, route]))
  judge = createJudge(document)
  admin = await createUser('root', 'admin')
  member = await createUser('bob', 'member')
})
after(() => app.close())

const justNow = () => ({ authenticatedAt: auth.clock(), acr: '1fa', amr: ['pwd'] })

async function createUser(username: string, role: string): Promise<typeof admin> {
  const { id } = await auth.users.create({ username, password: goodPassword, role })
  return { id, token: String(await createAccessToken(auth, id, undefined, justNow())) }
}

/** A store that does not answer while it is down. */
function breakable<Part extends object>(part: Part): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value === 'object' && value !== null) return breakable(value)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) =>
        isDown
          ? Promise.reject(new UnavailableError('The database does not answer', 1))
          : Reflect.apply(value, target, args)
    },
  })
}

interface Asked {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly json?: object | string
  readonly form?: Readonly<Record<string, string>> | string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  /** Null sends none. */
  readonly token?: string | null
}

/** Sends a request to an operation, and judges the answer. */
async function ask(operationId: string, asked: Asked = {}): Promise<LightMyRequestResponse> {
  const route = routes.get(operationId)
  assert.ok(route, operationId)
  const { path = {}, query = {}, json, form, headers = {}, token = admin.token } = asked
  const payload = form === undefined ? json : new URLSearchParams(form).toString()
  const answer = await app.inject({
    method: (asked.method ?? route.method.toUpperCase()) as 'GET',
    url: route.path.replace(/\{(\w+)\}/g, (_, name: string) => path[name] ?? 'unknown'),
    query: { ...query },
    headers: {
      ...(isGuarded(route) && token !== null && { authorization: `Bearer ${token}` }),
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
    ...(payload !== undefined && { payload }),
  })
  judgeAnswer(route, answer)
  return answer
}

function judgeAnswer({ operationId, responses }: Route, answer: LightMyRequestResponse): void {
  const at = `${operationId} ${answer.statusCode}`
  const documented = responses[answer.statusCode]
  assert.ok(documented, `${at} is not documented: ${answer.body}`)
  seen.add(at)
  for (const name of Object.keys(documented.headers ?? {})) {
    assert.ok(name.toLowerCase() in answer.headers, `${at} has no ${name}`)
  }
  if (documented.content === undefined) {
    assert.equal(answer.body, '', at)
    return
  }
  const [mediaType] = String(answer.headers['content-type']).split(';')
  const { schema } = documented.content[mediaType ?? ''] ?? {}
  assert.ok(schema, `${at} is ${mediaType}`)
  assert.deepEqual(judge(schema, answer.json()), [], `${at}: ${answer.body}`)
  noteAbsent(schema, answer.json())
}

function noteAbsent(schema: Schema, value: unknown): void {
  const { title, properties = {}, items, $ref } = schema
  const named = document.components.schemas[$ref?.split('/').at(-1) ?? '']
  if (named) noteAbsent(named, value)
  if (items) for (const each of value as unknown[]) noteAbsent(items, each)
  for (const [name, each] of Object.entries(properties)) {
    const found = (value as Record<string, unknown>)[name]
    if (found === undefined) absent.add(`${title}.${name}`)
    else noteAbsent(each, found)
  }
}

/** Sends it, and fails unless the answer has this status. */
async function expect(status: number, operationId: string, asked?: Asked): Promise<Answer> {
  const answer = await ask(operationId, asked)
  assert.equal(answer.statusCode, status, `${operationId}: ${answer.body}`)
  return answer.body === '' ? {} : answer.json()
}

// biome-ignore lint/suspicious/noExplicitAny: the document has judged it.
type Answer = any

const isGuarded = ({ security = [] }: Route): boolean => security.length > 0
const guardedRoutes = () => [...routes.values()].filter(isGuarded)
const formRoutes = () => ['createToken', 'revokeToken', 'introspectToken']
const login = (username: string) => ({ form: { username, password: goodPassword }, token: null })

test('what succeeds fits the document', async () => {
  await expect(200, 'getLiveness')
  await expect(200, 'getReadiness')
  const { id } = await expect(201, 'createUser', {
    json: { username: 'carol', password: goodPassword, role: 'member' },
  })
  const path = { id }
  await expect(200, 'getStats')
  await expect(200, 'getUser', { path })
  await expect(200, 'listUsers', { query: { limit: '1' } })
  await expect(200, 'listUsers')
  await expect(200, 'changeUserRole', { path, json: { role: 'admin' } })
  await expect(200, 'deactivateUser', { path })
  await expect(200, 'reactivateUser', { path })
  await expect(200, 'unlockUser', { path })
  await expect(200, 'renameUser', { path, json: { username: 'dora' } })
  const email = 'dora@example.com'
  await expect(200, 'setUserEmail', { path, json: { email, verified: true } })
  const until = auth.clock() + 60
  const suspended = await expect(200, 'suspendUser', { path, json: { until } })
  assert.deepEqual([suspended.email, suspended.suspended_until], [email, until])
  await expect(200, 'resumeUser', { path })
  await expect(204, 'removeUserEmail', { path })
  await expect(200, 'renameUser', { path, json: { username: 'carol' } })
  const identity = { issuer, subject: 'subject-1' }
  await expect(201, 'linkUserIdentity', { path, json: identity })
  await expect(200, 'listUserIdentities', { path })
  await expect(204, 'unlinkUserIdentity', { path, query: identity })

  const { access_token: token, refresh_token } = await expect(200, 'createToken', login('carol'))
  await expect(200, 'getMe', { token })
  await expect(200, 'changeMe', { token, json: { username: 'carol' } })
  const { sessions } = await expect(200, 'listMySessions', { token })
  assert.equal(sessions[0].current, true)
  await expect(200, 'createToken', { form: { grant_type: 'refresh_token', refresh_token } })
  await expect(200, 'createToken', {
    form: { grant_type: 'client_credentials', client_id: 'job', client_secret: secret },
  })
  await expect(204, 'changeMyPassword', {
    token,
    json: { old_password: goodPassword, new_password: otherPassword },
  })
  await expect(204, 'setUserPassword', { path, json: { password: goodPassword } })
  for (const end of ['endMySession', 'endMySessions', 'revokeToken', 'endUserSession']) {
    const carol = await expect(200, 'createToken', login('carol'))
    const { sessions: all } = await expect(200, 'listUserSessions', { path })
    const session = all[0].id
    if (end === 'revokeToken') await expect(200, end, { form: { token: carol.refresh_token } })
    else await expect(204, end, { path: { ...path, session }, token: tokenFor(end, carol) })
  }
  await expect(204, 'endUserSessions', { path })
  await expect(204, 'deleteUser', { path })
  await expect(200, 'listEvents', { query: { limit: '1' } })
})

const tokenFor = (operation: string, { access_token }: { access_token: string }): string =>
  operation.startsWith('endMy') ? access_token : admin.token

test('what is told of tokens of every kind fits the document', async () => {
  const client_secret = await auth.clients.register({
    id: 'api',
    confidential: true,
    introspect: true,
    grants: ['password', 'refresh_token', 'client_credentials'],
    scopes: ['jobs:run'],
  })
  const form = { client_id: 'api', client_secret }
  const mine = await expect(200, 'createToken', {
    form: { ...form, username: 'bob', password: goodPassword },
  })
  const ours = await expect(200, 'createToken', {
    form: { ...form, grant_type: 'client_credentials' },
  })
  for (const token of [mine.access_token, mine.refresh_token, ours.access_token]) {
    const { active } = await expect(200, 'introspectToken', { form: { ...form, token } })
    assert.equal(active, true)
  }
  await expect(200, 'introspectToken', { form: { ...form, token: 'x' } })
  // Among them some of clients, without a user.
  await expect(200, 'listEvents', { query: { limit: '200' } })
  await expect(400, 'revokeToken', { form: { ...form, token: ours.access_token } })
})

test('what does not fit is refused as documented', async () => {
  for (const { operationId, parameters = [], requestBody } of guardedRoutes()) {
    await expect(400, operationId, { headers: { authorization: 'Bearer a,Bearer b' } })
    if (parameters.some(({ in: place }) => place === 'path')) {
      await expect(400, operationId, { path: { id: '%01', session: '%01' } })
    }
    if (requestBody === undefined) continue
    const json = (payload: string, type = 'application/json') =>
      ({ json: payload, headers: { 'content-type': type } }) as const
    await expect(400, operationId, json('{'))
    await expect(400, operationId, json('{}'))
    await expect(413, operationId, json(' '.repeat(65_537)))
    await expect(415, operationId, json('<a/>', 'application/xml'))
  }
  for (const operationId of formRoutes()) {
    await expect(400, operationId, { form: 'scope=a&scope=b' })
    await expect(405, operationId, { method: 'GET' })
    await expect(413, operationId, { form: { token: 'x'.repeat(20_000) } })
    const headers = { 'content-encoding': 'gzip' }
    await expect(415, operationId, { form: { token: 'x' }, headers })
  }
})

test('who may not is refused as documented', async () => {
  await createUser('dave', 'member')
  const { id } = (await auth.users.findByUsername('dave')) ?? { id: '' }
  await auth.users.deactivate(id)
  const inactive = await expect(200, 'createToken', login('dave'))
  for (const { operationId } of guardedRoutes()) {
    await expect(401, operationId, { token: null })
    await expect(403, operationId, { token: inactive.access_token })
    if (!/My|^(get|change)Me$/.test(operationId)) {
      await expect(403, operationId, { token: member.token })
    }
  }
  for (const operationId of ['introspectToken', 'revokeToken']) {
    // Too many guesses make a client wait. Each client has its own count.
    const client_id = operationId === 'revokeToken' ? 'job' : 'api'
    const form = { client_id, client_secret: 'x', token: 'x' }
    await expect(401, operationId, { form })
    for (let tries = 0; (await ask(operationId, { form })).statusCode !== 429; tries++) {
      assert.ok(tries < 20)
    }
  }
})

test('what cannot be done is refused as documented', async () => {
  const path = { id: admin.id }
  await auth.users.create({
    ...{ username: 'eve', password: null },
    ...{ email: 'eve@example.com', emailVerified: true },
  })
  for (const [operationId, asked] of [
    ['createUser', { json: { username: 'bob', password: goodPassword } }],
    ['deleteUser', { path }],
    ['deactivateUser', { path }],
    ['changeUserRole', { path, json: { role: 'member' } }],
    ['suspendUser', { path, json: { until: auth.clock() + 60 } }],
    ['renameUser', { path, json: { username: 'bob' } }],
    ['changeMe', { json: { username: 'bob' } }],
    ['setUserEmail', { path, json: { email: 'eve@example.com', verified: true } }],
  ] as const) {
    await expect(409, operationId, asked)
  }
  const identity = { issuer, subject: 'subject-2' }
  await expect(201, 'linkUserIdentity', { path, json: identity })
  await expect(409, 'linkUserIdentity', { path, json: identity })
  await expect(422, 'linkUserIdentity', { path, json: { issuer: 'x', subject: 'x' } })
  await expect(404, 'linkUserIdentity', { json: { issuer, subject: 'subject-3' } })
  await expect(404, 'unlinkUserIdentity', { query: identity })
  await expect(422, 'createUser', { json: { username: '', password: '', role: 'x' } })
  await expect(422, 'changeUserRole', { path, json: { role: 'x' } })
  await expect(422, 'renameUser', { path, json: { username: 'root@x' } })
  await expect(404, 'renameUser', { json: { username: 'x' } })
  await expect(422, 'changeMe', { json: { username: '' } })
  await expect(422, 'setUserEmail', { path, json: { email: 'x' } })
  await expect(404, 'setUserEmail', { json: { email: 'x@example.com' } })
  await expect(422, 'suspendUser', { path, json: { until: auth.clock() } })
  await expect(404, 'suspendUser', { json: { until: auth.clock() + 60 } })
  await expect(404, 'changeUserRole', { json: { role: 'member' } })
  await expect(422, 'setUserPassword', { path, json: { password: 'x' } })
  await expect(404, 'setUserPassword', { json: { password: otherPassword } })
  for (const operationId of [
    ...['getUser', 'deleteUser', 'deactivateUser', 'reactivateUser', 'unlockUser'],
    ...['listUserSessions', 'endUserSessions', 'endUserSession', 'listUserIdentities'],
    ...['endMySession', 'removeUserEmail', 'resumeUser'],
  ]) {
    await expect(404, operationId)
  }

  const change = { old_password: goodPassword, new_password: 'x' }
  await expect(422, 'changeMyPassword', { json: change })
  for (const [operationId, asked, wrong] of [
    ['changeMyPassword', { json: { ...change, old_password: 'x' } }, 400],
    ['createToken', { form: { username: 'bob', password: 'x' } }, 401],
  ] as const) {
    await expect(wrong, operationId, asked)
    for (let tries = 0; (await ask(operationId, asked)).statusCode !== 429; tries++) {
      assert.ok(tries < 20)
    }
  }
})

test('what cannot be known now is refused as documented', async () => {
  isDown = true
  await expect(503, 'getReadiness')
  for (const { operationId } of guardedRoutes()) await expect(503, operationId)
  const form = { client_id: 'api', client_secret: 'x', token: 'x', ...login('bob').form }
  for (const operationId of formRoutes()) await expect(503, operationId, { form })
  isDown = false
})

test('the document names no answer that was not seen, and every property that was always there', () => {
  const documented = [...routes.values()].flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status) => `${operationId} ${status}`),
  )
  assert.ok(documented.length > 150)
  assert.deepEqual(
    documented.filter((each) => !seen.has(each)),
    [],
  )
  const sent = /Form$|Change$|^New/
  const optional = Object.entries(document.components.schemas)
    .filter(([title]) => !sent.test(title))
    .flatMap(([title, { properties = {}, required = [] }]) =>
      Object.keys(properties)
        .filter((name) => !required.includes(name))
        .map((name) => `${title}.${name}`),
    )
  assert.ok(optional.length > 10)
  assert.deepEqual(
    optional.filter((each) => !absent.has(each)),
    [],
  )
})
