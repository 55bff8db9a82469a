// Notes of teams: who may read, who may write, and in which team.

import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { portcullis, secured } from 'portcullis/fastify'
import { auth, reader, writer } from './guards.ts'

// In memory, for a look: gone with the process.
const password = process.env.DEMO_PASSWORD
if (!password) throw new Error('Set DEMO_PASSWORD, the password of ann, eve and rob.')
await auth.users.create({ username: 'ann', role: 'admin', password })
await auth.users.create({ username: 'eve', role: 'editor', password })
await auth.users.create({ username: 'rob', role: 'reader', password })

interface Note {
  readonly team: string
  readonly author: string
  readonly text: string
}
const notes: Note[] = []

const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
await app.register(portcullis, { auth, docs: { title: 'Notes' } })

app.get(
  '/notes',
  secured(reader, ({ team }) => notes.filter((note) => note.team === team)),
)

app.post(
  '/notes',
  { schema: { body: Type.Object({ text: Type.String({ minLength: 1 }) }) } },
  secured(writer, ({ user, team }, request, reply) => {
    const note = { team, author: user.username, text: request.body.text }
    notes.push(note)
    reply.code(201)
    return note
  }),
)

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
