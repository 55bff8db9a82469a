// The ready server as its environment configures it, with one more route. It gives the answer of GET /me
// without a guard, so the difference between the two is the cost of the guard.

import { buildApp } from '../../src/server/app.ts'
import { lowerHashPriority } from '../../src/server/hash-priority.ts'
import { createLogStream } from '../../src/server/logging/stream.ts'
import { openAuth } from '../../src/server/open-auth.ts'
import { UserAnswer } from '../../src/server/routes/schemas.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import { readEnvironment } from '../../src/server/settings/environment.ts'

await lowerHashPriority()
const config = readConfig(readEnvironment())
const auth = await openAuth(config)
const app = await buildApp({
  auth,
  docs: config.docs,
  logger: { level: config.logLevel ?? 'info', stream: createLogStream(process.stdout) },
})
const me: unknown = JSON.parse(process.env.ME ?? '{}')
const answer = {
  ...UserAnswer,
  required: [...UserAnswer.required, 'scope'],
  properties: { ...UserAnswer.properties, scope: { type: 'string' } },
}
const schema = { response: { 200: answer } }
app.get('/unguarded', { schema }, async () => me)
/** Microseconds that the process has had, all its threads together. */
app.get('/cpu', async () => process.cpuUsage())
console.log(await app.listen({ host: config.host, port: config.port }))
// With an end of its own, a profiler writes what it has seen.
process.once('SIGTERM', () => process.exit())
