// The plans of the OpenID Foundation that an evaluator runs, driven by openid-client against this server, and the
// same rows against a certified one. A row in which the two differ says so, and why.

import assert from 'node:assert/strict'
import { after, before, describe, mock, test } from 'node:test'
import { createParty, type Party } from './openid-party.ts'
import { basicRows, type Row } from './openid-rows.ts'
import { type Subject, startOracle, startOurs } from './openid-subjects.ts'

// For both servers and their client: modules wait, and tests do not.
mock.timers.enable({ apis: ['Date'], now: Date.now() })

const backchannelLogoutUri = 'http://127.0.0.1:1/told'
let subjects: readonly Subject[] = []
before(async () => {
  subjects = await Promise.all([
    startOurs({ backchannelLogoutUri }),
    startOracle({ backchannelLogoutUri }),
  ])
})
after(async () => {
  for (const subject of subjects) await subject.close()
})

/** One after the other: they share the time. */
async function runRow(row: Row, parties: readonly Party[]): Promise<readonly string[]> {
  const outcomes: string[] = []
  for (const party of parties) {
    await party.subject.forget()
    outcomes.push(await row.run(party))
  }
  return outcomes
}

for (const [plan, mode] of [
  ['oidcc-basic-certification-test-plan', 'query'],
  ['oidcc-formpost-basic-certification-test-plan', 'form_post'],
] as const) {
  describe(plan, () => {
    let parties: readonly Party[] = []
    before(async () => {
      parties = await Promise.all(subjects.map((subject) => createParty(subject, mode)))
    })

    for (const row of basicRows) {
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
