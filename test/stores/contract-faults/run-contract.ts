// Runs the contract of a store on one without a fault, and then on each with one. Not a test of its own.

import { storeContract } from '../../../src/stores/contract/contract.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults.ts'

/** The store that every fault is made in. */
const asItIs: Fault = (store) => store

for (const [name, damage] of Object.entries({ 'no fault': asItIs, ...faults })) {
  storeContract(name, async () => {
    const store = damage(memory())
    return [store, store]
  })
}
