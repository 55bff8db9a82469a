// The contract of a store, held itself: a store with any fault of a list fails it, by a claim and not by a wait.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { faults } from './contract-faults/faults.ts'

/** What the contract says of each store, in the Test Anything Protocol, by the name of the store. */
async function readVerdicts(): Promise<ReadonlyMap<string, string>> {
  const file = join(import.meta.dirname, 'contract-faults/run-contract.ts')
  const options = {
    // Not what node:test tells its own children.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    maxBuffer: 100_000_000,
  }
  const said = await new Promise<string>((resolve) => {
    // It fails, as it should: what it says tells why.
    execFile(process.execPath, ['--test-reporter=tap', file], options, (_, stdout) =>
      resolve(stdout),
    )
  })
  const suites = said.split(/^# Subtest: (.+) keeps the contract of a store$/m).slice(1)
  return new Map(
    suites.flatMap((name, index) => (index % 2 ? [] : [[name, suites[index + 1] ?? '']])),
  )
}

const verdicts = await readVerdicts()

test('a store without a fault passes', () => {
  assert.match(verdicts.get('no fault') ?? '', /^ok /m)
})

for (const name of Object.keys(faults)) {
  test(`a store does not pass whose ${name}`, () => {
    const verdict = verdicts.get(name) ?? ''
    assert.ok(/^not ok /m.test(verdict), 'no test of the contract noticed it')
    assert.ok(/code: 'ERR_ASSERTION'/.test(verdict), 'it failed by another error than a claim')
  })
}
