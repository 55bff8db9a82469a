// The application of FastAPI's security tutorial, with its routes, its user and the hash of its password.

import Fastify from 'fastify'
import { createAuth, createGuards } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { memory } from 'portcullis/stores/memory'

const auth = await createAuth({ store: memory() })
await auth.users.create({
  username: 'johndoe',
  // Of the password "secret", which everybody knows, and which no new user may have.
  passwordHash:
    '$argon2id$v=19$m=65536,t=3,p=4$wagCPXjifgvUFBzq4hqe3w$CYaIb8sB+wtD+Vu/P4uod1+Qof8h+1g7bbDlBID48Rc',
})
const { activeUser } = createGuards(auth)

const app = Fastify()
await app.register(portcullis, { auth, tokenPath: '/token' })
app.get(
  '/users/me/',
  secured(activeUser, ({ username, active }) => ({ username, disabled: !active })),
)
app.get(
  '/users/me/items/',
  secured(activeUser, ({ username }) => [{ item_id: 'Foo', owner: username }]),
)
console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
