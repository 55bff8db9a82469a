// The plans of the OpenID Foundation that an evaluator runs, driven by openid-client against this server, and the
// same rows against a certified one. A row in which the two differ says so, and why.

import assert from 'node:assert/strict'
import { after, before, describe, mock, test } from 'node:test'
import { otherRows } from './openid-other-rows.ts'
import { createParty, type Party } from './openid-party.ts'
import { basicRows, type Row } from './openid-rows.ts'
import { type Subject, startOracle, startOurs } from './openid-subjects.ts'
import { startToldClient, type ToldClient } from './told-client.ts'

// For both servers and their client: modules wait, and tests do not.
mock.timers.enable({ apis: ['Date'], now: Date.now() })

let subjects: readonly Subject[] = []
let told: ToldClient
before(async () => {
  told = await startToldClient({ after: (end) => after(end) })
  const { uri: backchannelLogoutUri } = told
  subjects = await Promise.all([
    startOurs({ backchannelLogoutUri }),
    startOracle({ backchannelLogoutUri }),
  ])
})
after(async () => {
  for (const subject of subjects) await subject.close()
})

/** The next logout token that comes. */
async function nextToken(): Promise<string> {
  const count = told.tokens.length + 1
  await told.reached(count)
  return told.tokens[count - 1] ?? assert.fail()
}

/** One after the other: they share the time. */
async function runRow(row: Row, parties: readonly Party[]): Promise<readonly string[]> {
  const outcomes: string[] = []
  for (const party of parties) {
    await party.subject.forget()
    outcomes.push(await row.run(party))
  }
  return outcomes
}

const plans = [
  ['oidcc-basic-certification-test-plan', 'query', basicRows],
  ['oidcc-formpost-basic-certification-test-plan', 'form_post', basicRows],
  ...Object.entries(otherRows).map(([plan, rows]) => [plan, 'query', rows] as const),
] as const

for (const [plan, mode, rows] of plans) {
  describe(plan, () => {
    let parties: readonly Party[] = []
    before(async () => {
      parties = await Promise.all(subjects.map((subject) => createParty(subject, mode, nextToken)))
    })

    for (const row of rows) {
      test(`oidcc-${row.module} (OP-95)`, async (t) => {
        const [ours, oracle] = await runRow(row, parties)
        if (ours !== oracle) {
          t.diagnostic(`ours: ${ours}. oidc-provider: ${oracle}. ${row.because ?? ''}`)
        }
        assert.equal(ours, row.ours)
        assert.equal(oracle, row.oracle ?? row.ours)
      })
    }
  })
}
