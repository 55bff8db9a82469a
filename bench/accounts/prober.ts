// Asks for `GET /me` at even intervals in a process of its own, so that what the load costs its own process is not
// measured with the server.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { place } from '../compare/processes.ts'
import { atRate } from './site.ts'

interface Probe {
  readonly url: string
  readonly token: string
  readonly perSecond: number
  readonly seconds: number
}

/** Starts the process. Each call of `probe` answers with the milliseconds that each request took. */
export function startProber(): {
  probe(what: Probe): Promise<readonly number[]>
  stop(): void
} {
  const [execPath = '', ...words] = place([process.execPath], 'load')
  const options = { execPath, execArgv: words }
  const child = fork(fileURLToPath(import.meta.url), ['probe'], options)
  return {
    async probe(what) {
      child.send(what)
      const [answer] = await once(child, 'message')
      if (typeof answer === 'string') throw new Error(answer)
      return answer
    },
    stop: () => void child.kill(),
  }
}

function ask(agent: Agent, { url, token }: Probe): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const began = performance.now()
  return new Promise((resolve, reject) => {
    request(`${url}/me`, { headers, agent }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began)
        else reject(new Error(`GET /me was answered with ${response.statusCode}.`))
      })
    })
      .on('error', reject)
      .end()
  })
}

if (process.argv[2] === 'probe') {
  const agent = new Agent({ keepAlive: true })
  process.on('message', (what: Probe) => {
    atRate(what.perSecond, what.seconds, () => ask(agent, what)).then(
      (times) => process.send?.(times),
      (error: Error) => process.send?.(error.message),
    )
  })
}
