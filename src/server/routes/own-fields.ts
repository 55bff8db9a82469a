import type { FastifyInstance, RouteOptions } from 'fastify'
import type { OwnFields } from '../../core/users/own-fields.ts'
import { UserFieldsAnswer, UserFieldsChange } from '../../http/endpoints/user-fields.ts'

const titles: readonly unknown[] = [UserFieldsAnswer.title, UserFieldsChange.title]

/** Takes own fields out of the bodies and answers of every route to come, if users have none. */
export function shapeFields(app: FastifyInstance, { isOn }: OwnFields): void {
  if (isOn) return
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.schema) route.schema = withoutFields(route.schema)
  })
}

/** The same schema without properties that are own fields. A part that has none is the same object. */
function withoutFields<Part>(part: Part): Part {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const members = Object.entries(part)
  const kept = members
    .filter(([, value]) => !titles.includes(Object(value).title))
    .map(([name, value]) => [name, withoutFields(value)] as const)
  const isSame =
    kept.length === members.length && kept.every(([, value], at) => value === members[at]?.[1])
  // Copied member by member, it has the shape that it had.
  return isSame ? part : (Object.fromEntries(kept) as Part)
}
