// Whether a mail is lost or doubled when the server is killed between the 202 and the relay's answer:
//
//   ROUNDS=200 node bench/accounts/killed.ts
//
// Each round starts the server, asks for some mails, and ends the server by SIGKILL at one of the steps of a mail.
// Every 50 rounds it may finish. At the end all that was accepted must have arrived, under one Message-ID for each
// request. ENGINE=postgres for PostgreSQL.

import { setTimeout } from 'node:timers/promises'
import { formatTable } from '../quantiles.ts'
import { sourceOf } from '../serving.ts'
import type { Step } from './relay.ts'
import { addressOf, engine, withSite } from './site.ts'

const rounds = Number(process.env.ROUNDS ?? '200')
const perRound = 3
const steps: readonly ('accepted' | Step)[] = [
  ...(['accepted', 'connection', 'sender', 'recipient', 'content', 'answered'] as const),
]

let due: (typeof steps)[number] | null = null
let reached = (): void => {}
function onStep(step: (typeof steps)[number]): void {
  if (step === due) reached()
}

await withSite(
  rounds * perRound,
  async (site) => {
    /** Waits until all is sent: a claim of a killed server lasts for a minute. */
    async function drain(): Promise<void> {
      const waiting = "select count(*) as count from mail_outbox where state = 'waiting'"
      const until = performance.now() + 180_000
      while (Number((await site.database.ask(waiting))[0]?.count) > 0) {
        if (performance.now() > until) throw new Error('Some mails still wait.')
        await setTimeout(1000)
      }
    }
    const accepted: number[] = []
    const killedAt = new Map<string, number>()
    for (let round = 0; round < rounds; round++) {
      due = steps[round % steps.length] ?? 'accepted'
      const kill = new Promise<string>((resolve) => {
        reached = () => resolve(String(due))
      }).then(async (step) => {
        await site.kill()
        killedAt.set(step, (killedAt.get(step) ?? 0) + 1)
      })
      const users = Array.from({ length: perRound }, (_, each) => round * perRound + each)
      await Promise.all(
        users.map(async (user) => {
          const body = { email: addressOf(user) }
          const asked = { source: sourceOf((1 << 20) + user), body }
          const { status } = await site
            .ask('/auth/password-reset', asked)
            .catch(() => ({ status: 0 }))
          if (status !== 202) return
          accepted.push(user)
          onStep('accepted')
        }),
      )
      // Connections to the relay are kept: a step may have been passed already.
      await Promise.race([
        kill,
        setTimeout(10_000, undefined, { ref: false }).then(() => reached()),
      ])
      await kill
      due = null
      await site.start()
      // Now and then, or the first mails would expire.
      if (round % 50 === 49 || round === rounds - 1) await drain()
    }
    const { idsOf, taken } = site.relay
    const idsTo = (user: number): number => idsOf.get(addressOf(user))?.size ?? 0
    const lost = accepted.filter((user) => idsTo(user) === 0).length
    const doubled = accepted.filter((user) => idsTo(user) > 1).length
    const again = [...taken.values()].filter((times) => times > 1).length
    console.log(
      formatTable([
        ['killed at', 'times'],
        ...steps.map((step) => [step, killedAt.get(step) ?? 0]),
        [`accepted, ${engine}`, accepted.length],
        ['lost', lost],
        ['under two Message-IDs', doubled],
        ['taken again under the same Message-ID', again],
      ]),
    )
    if (lost + doubled > 0) process.exitCode = 1
  },
  onStep,
)
process.exit()
