import { secured, type WebHandler } from 'portcullis/web'
import { guards } from '../../../auth.ts'

export const GET: WebHandler = secured(guards.activeUser, ({ username, role }) =>
  Response.json({ username, role }),
)

// The guard is asked again when the body is here: see docs/guards.md.
export const POST: WebHandler = secured(guards.requireRole('admin'), async (_admin, request) =>
  Response.json({ received: await request.json() }, { status: 201 }),
)
