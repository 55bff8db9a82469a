// A flood of logins, in a process of its own: node bench/flood.ts <url> <logins a second> <seconds>.
// It sends at the times that it said, however long answers take. Half are of users with the right
// password, half guess at names; each comes from another source. Tells what came back as JSON.

import { Agent, request } from 'node:http'
import { quantiles } from './quantiles.ts'
import { password, sourceOf } from './serving.ts'

/** Users with a password: user-0, user-1 and so on. */
export const users = 1000
/** Requests that wait for an answer, at most: no client of ours has more sockets. */
const maxOpen = 4000
const agent = new Agent({ keepAlive: true, maxSockets: maxOpen, maxFreeSockets: maxOpen })

/** Sends one login. Resolves with the status, or 0 if there was no answer. */
export function logIn(url: string, number: number, guess: boolean): Promise<number> {
  const username = guess ? `guess-${number}` : `user-${number % users}`
  const body = new URLSearchParams({ username, password }).toString()
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-forwarded-for': sourceOf(number),
  }
  return new Promise((resolve) => {
    const sent = request(`${url}/auth/token`, { method: 'POST', headers, agent }, (response) => {
      response.on('end', () => resolve(response.statusCode ?? 0)).resume()
    })
    sent.on('error', () => resolve(0)).end(body)
  })
}

async function flood(url: string, rate: number, seconds: number): Promise<void> {
  const times = new Map<number, number[]>()
  const open = new Set<Promise<void>>()
  let skipped = 0
  const began = performance.now()
  const total = rate * seconds
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate))
    for (; sent < due; sent++) {
      if (open.size >= maxOpen) {
        skipped++
        continue
      }
      const sentAt = performance.now()
      const answered = logIn(url, sent, sent % 2 === 0).then((status) => {
        const durations = times.get(status) ?? []
        durations.push(performance.now() - sentAt)
        times.set(status, durations)
        open.delete(answered)
      })
      open.add(answered)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(open)
  agent.destroy()
  const answers = Object.fromEntries([...times].map(([status, each]) => [status, quantiles(each)]))
  console.log(JSON.stringify({ rate, seconds, skipped, answers }))
}

if (import.meta.main) {
  const [url = '', rate, seconds] = process.argv.slice(2)
  await flood(url, Number(rate), Number(seconds))
}
