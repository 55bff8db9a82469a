// A Fastify application with the plugin, and users to call it as.

import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { type PortcullisOptions, portcullis } from '../../src/fastify/portcullis.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { createTestAuth } from '../fixtures.ts'

type Role = 'admin' | 'editor' | 'reader' | 'member'

const roles: Readonly<Record<Role, readonly string[]>> = {
  admin: ['*'],
  editor: ['items:read', 'items:write'],
  reader: ['items:read'],
  member: [],
}

export interface TestAuth {
  readonly auth: Auth
  readonly guards: Guards
  /** The headers of a new user of the role, whose token has these scopes: all, if none are given. */
  authorize(role: Role, scopes?: readonly string[]): Promise<Credentials>
}

export interface Credentials {
  readonly [name: string]: string
  readonly authorization: string
}

export interface TestApp extends TestAuth {
  readonly app: FastifyInstance
}

export async function createTestGuards(options: Partial<AuthOptions> = {}): Promise<TestAuth> {
  const auth = await createTestAuth({ roles, ...options })
  let users = 0
  return {
    auth,
    guards: createGuards(auth),
    async authorize(role, scopes) {
      const username = `${role}${++users}`
      const user = await auth.users.create({ username, password: null, role })
      return { authorization: `Bearer ${await createAccessToken(auth, user.id, scopes)}` }
    },
  }
}

export async function createTestApp(
  options: Omit<Partial<PortcullisOptions>, 'auth'> & {
    readonly auth?: Partial<AuthOptions>
    readonly fastify?: FastifyServerOptions
  } = {},
): Promise<TestApp> {
  const { auth, fastify = {}, ...rest } = options
  const made = await createTestGuards(auth)
  const app = Fastify(fastify)
  await app.register(portcullis, { ...rest, auth: made.auth })
  return { app, ...made }
}

/** Permissions that no role grants by name, described so that guards may require them. */
export function described(...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, '']))
}

/** How often a handler was reached. */
export function createSpy<T>(answer: T): (() => T) & { calls: number } {
  const spy = Object.assign(
    () => {
      spy.calls++
      return answer
    },
    { calls: 0 },
  )
  return spy
}
