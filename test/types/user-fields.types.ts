// Compiled only: the type of the application's own fields, from the schema to every guard and handler.

import Fastify from 'fastify'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import * as v from 'valibot'
import { z } from 'zod'
import { type Auth, createAuth } from '../../src/core/auth.ts'
import type { Caller } from '../../src/core/clients/token-client.ts'
import type { StandardSchema } from '../../src/core/users/standard-schema.ts'
import type { User } from '../../src/core/users/user.ts'
import type { UserFields } from '../../src/core/users/user-fields.ts'
import { secured as expressSecured } from '../../src/express/secured.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import { all, optional, refine } from '../../src/http/guards/combinators.ts'
import type { Guard } from '../../src/http/guards/guard.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth } from '../../src/testing/test-auth.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'

type Fields = { locale: 'en' | 'de'; organisation?: string | undefined }
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

const schema = z.object({
  locale: z.enum(['en', 'de']).default('en'),
  organisation: z.string().optional(),
})

// The schema gives the type, alone or with who may write.

const auth = await createAuth({ store: memory(), userFields: schema })
const inFull = await createAuth({
  store: memory(),
  userFields: { schema, writableBy: { user: ['locale'] } },
})
const typed: [Auth<Fields>, Auth<Fields>] = [auth, inFull]
const isFields: Same<typeof auth, Auth<Fields>> = true
const isFieldsInFull: Same<typeof inFull, Auth<Fields>> = true
void [typed, isFields, isFieldsInFull]
await createAuth({
  store: memory(),
  // @ts-expect-error the schema has no such member
  userFields: { schema, writableBy: { user: ['local'] } },
})
// @ts-expect-error fields are an object
await createAuth({ store: memory(), userFields: z.string() })

const fromValibot = await createAuth({
  store: memory(),
  userFields: v.object({ locale: v.optional(v.picklist(['en', 'de']), 'en') }),
})
const isValibots: Same<typeof fromValibot, Auth<{ locale: 'en' | 'de' }>> = true
void isValibots

const Box = Type.Object({ locale: Type.Union([Type.Literal('en'), Type.Literal('de')]) })
const fromTypebox = await createAuth({
  store: memory(),
  userFields: {
    '~standard': {
      version: 1 as const,
      vendor: 'typebox',
      validate: (value: unknown) =>
        Check(Box, value)
          ? { value: value as Static<typeof Box> }
          : { issues: [{ message: 'not valid' }] },
      jsonSchema: { output: () => ({ ...Box }) },
    },
  },
})
const isTypeboxes: Same<typeof fromTypebox, Auth<{ locale: 'en' | 'de' }>> = true
void isTypeboxes

interface Declared {
  readonly nickname: string
}
declare const declared: StandardSchema<Declared>
const fromInterface = await createAuth({ store: memory(), userFields: declared })
const nickname: string | undefined = (await fromInterface.users.find(''))?.fields.nickname
oauthEndpoints(fromInterface)
void nickname

// Every guard gives it.

const guards = createGuards(auth)
const { activeUser, requireRole, requirePermission } = guards
const all4: readonly Guard<User<Fields>>[] = [
  activeUser,
  guards.userEvenIfInactive,
  requireRole('admin'),
  requirePermission('items:read'),
]
const caller: Guard<Caller<Fields>> = guards.currentCaller
const locale: Guard<'en' | 'de'> = refine(activeUser, ({ fields }) => fields.locale)
const both: Guard<{ user: User<Fields> }> = all({ user: activeUser })
const perhaps: Guard<User<Fields> | null> = optional(activeUser)
const exact: Same<typeof guards, Guards<Fields>> = true
void [all4, caller, locale, both, perhaps, exact]
// @ts-expect-error the schema has no such member
refine(activeUser, ({ fields }) => fields.language)

Fastify().get(
  '/',
  secured(activeUser, ({ fields }) => fields.locale.toUpperCase()),
)
expressSecured(activeUser, ({ fields }, _request, response) => {
  const { organisation }: Fields = fields
  response.json({ organisation })
})

// Users are written with it.

await auth.users.create({ username: 'ann', password: null, fields: { locale: 'de' } })
// @ts-expect-error no such locale
await auth.users.create({ username: 'ann', password: null, fields: { locale: 'fr' } })
await auth.users.updateFields('id', { organisation: 'acme' })
// @ts-expect-error the schema has no such member
await auth.users.updateFields('id', { organization: 'acme' })
const found: User<Fields> | null = await auth.users.findByUsername('ann')
const accepted: User<Fields> | undefined = await auth.accounts.invitations?.accept({
  ...{ token: '', password: '', address: undefined, fields: { locale: 'de' } },
})
void [found, accepted]

// Where no type is named, any will do.

const plain: Auth = auth
const plainUser: User = await activeUser(new Request('http://api.test/'))
Fastify().register(portcullis, { auth })
oauthEndpoints(auth)
void [plain, plainUser]
const test = await createTestAuth({ userFields: schema })
const testFields: Guard<User<Fields>> = createGuards(test).activeUser
void testFields

// Without the option everything is as it was.

const without: Auth = await createAuth({ store: memory() })
const isPlain: Same<typeof without, Auth<UserFields>> = true
const withoutFields: Guard<User> = createGuards(without).activeUser
const unknownMember: unknown = (await withoutFields(new Request('http://api.test/'))).fields.any
void [isPlain, unknownMember]
const opened = (options: Partial<Parameters<typeof createAuth>[0]>): Promise<Auth> =>
  createAuth({ store: memory(), ...options })
void opened
