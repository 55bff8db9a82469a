// The applications of FastAPI's security tutorials 001 to 005, made of this library.

import Fastify, { type FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import type { User } from '../../src/core/users/user.ts'
import { portcullis, secured } from '../../src/fastify/index.ts'
import { refine } from '../../src/http/guards/combinators.ts'
import { type Guard, guard } from '../../src/http/guards/guard.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { BearerError, Refusal } from '../../src/http/refusal.ts'
import { createTestAuth } from '../fixtures.ts'

/** What FastAPI's tutorials have in their table beside the login; the library keeps no such columns. */
const profiles: Readonly<Record<string, object>> = {
  johndoe: { full_name: 'John Doe', email: 'johndoe@example.com' },
  alice: { full_name: 'Alice Chains', email: 'alicechains@example.com' },
}

/** The hashes of the tutorial, of `secret` and `secretalice`. */
const hashes = {
  johndoe:
    '$argon2id$v=19$m=65536,t=3,p=4$wagCPXjifgvUFBzq4hqe3w$CYaIb8sB+wtD+Vu/P4uod1+Qof8h+1g7bbDlBID48Rc',
  alice:
    '$argon2id$v=19$m=65536,t=3,p=4$g2/AV1zwopqUntPKJavBFw$BwpRGDCyUHLvHICnwijyX8ROGoiUPwNKZ7915MeYfCE',
}

interface Tutorial {
  /** The status of a wrong password there. */
  readonly incorrectPassword: 400 | 401
  readonly addRoutes: (app: FastifyInstance, auth: Auth) => void
}

/** What `OAuth2PasswordBearer` yields: a text that nobody has verified. No application should believe it. */
const bearerText: Guard<string> = guard(
  ({ headers }) => {
    const [scheme = '', text = ''] = String(Object(headers).authorization).split(' ')
    if (scheme.toLowerCase() !== 'bearer') throw new BearerError()
    return text
  },
  { authenticates: true },
)

const fakeUsers: Readonly<Record<string, { readonly disabled: boolean }>> = {
  johndoe: { disabled: false },
  alice: { disabled: true },
}

/** Of tutorial 003, whose tokens are the names of users. */
const fakeUser = refine(bearerText, (username) => {
  const user = Object.hasOwn(fakeUsers, username) ? fakeUsers[username] : undefined
  if (user === undefined) throw new BearerError()
  if (user.disabled) throw new Refusal(400, 'Inactive user')
  return { username, ...profiles[username], hashed_password: 'fakehashedsecret', ...user }
})

const withProfile = ({ username, active }: User): object => ({
  username,
  ...profiles[username],
  disabled: !active,
})
const itemsOf = ({ username }: User): object => [{ item_id: 'Foo', owner: username }]

/** The tutorials by name. */
export const tutorials: Readonly<Record<string, Tutorial>> = {
  tutorial001: {
    incorrectPassword: 401,
    addRoutes: (app) => {
      app.get(
        '/items/',
        secured(bearerText, (token) => ({ token })),
      )
    },
  },
  tutorial002: {
    incorrectPassword: 401,
    addRoutes: (app) => {
      const email = 'john@example.com'
      const anybody = { email, full_name: 'John Doe', disabled: null }
      app.get(
        '/users/me',
        secured(bearerText, (token) => ({ username: `${token}fakedecoded`, ...anybody })),
      )
    },
  },
  tutorial003: {
    incorrectPassword: 400,
    addRoutes: (app) => {
      app.get(
        '/users/me',
        secured(fakeUser, (user) => user),
      )
    },
  },
  tutorial004: {
    incorrectPassword: 401,
    addRoutes: (app, auth) => {
      const { activeUser } = createGuards(auth)
      app.get('/users/me/', secured(activeUser, withProfile))
      app.get('/users/me/items/', secured(activeUser, itemsOf))
    },
  },
  tutorial005: {
    incorrectPassword: 400,
    addRoutes: (app, auth) => {
      const { requirePermission, userEvenIfInactive } = createGuards(auth)
      app.get('/users/me/', secured(requirePermission('me'), withProfile))
      app.get('/users/me/items/', secured(requirePermission('items', 'me'), itemsOf))
      app.get(
        '/status/',
        secured(userEvenIfInactive, () => ({ status: 'ok' })),
      )
    },
  },
}

/** Makes the application of a tutorial, with its users: johndoe and, inactive, alice. */
export async function createTutorial(
  name: string,
  { isCompatible = true }: { readonly isCompatible?: boolean } = {},
): Promise<FastifyInstance> {
  const { incorrectPassword, addRoutes } = tutorials[name] as Tutorial
  const compatibility: AuthOptions['compatibility'] = { like: 'fastapi', incorrectPassword }
  const auth = await createTestAuth({
    roles: { member: ['me', 'items'], admin: ['*'] },
    ...(isCompatible && { compatibility }),
  })
  for (const [username, passwordHash] of Object.entries(hashes)) {
    const { id } = await auth.users.create({ username, passwordHash })
    if (username === 'alice') await auth.users.deactivate(id)
  }
  // FastAPI leads from one to the other.
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  app.addHook('onClose', () => auth.close())
  await app.register(portcullis, { auth, tokenPath: '/token' })
  addRoutes(app, auth)
  return app
}
