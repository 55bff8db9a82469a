// Runs the contract of a store on one without a fault, and then on each with one. Not a test of its own.

import { describe } from 'node:test'
import { storeContract } from '../../../src/stores/contract/contract.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { groups } from './faults.ts'

storeContract('no fault', async () => {
  const store = memory()
  return [store, store]
})

for (const { faults, parts } of groups) {
  for (const [name, damage] of Object.entries(faults)) {
    const store = damage(memory())
    if (parts === undefined) storeContract(name, async () => [store, store])
    else {
      describe(`${name} keeps the contract of a store`, () => {
        for (const part of parts) part(() => [store, store])
      })
    }
  }
}
