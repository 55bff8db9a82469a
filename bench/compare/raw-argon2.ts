// How many argon2id hashes a second the binding verifies at the same parameters, with nothing around it:
// as many at once as the server runs. Prints the load's line for the seconds that it is given.

import { verify } from '@node-rs/argon2'
import { hashConcurrency } from '../../src/core/passwords/hash-pool.ts'

const [hash = '', password = '', seconds = '3'] = process.argv.slice(2)
let requests = 0
let end = 0

async function verifyAgainAndAgain(): Promise<void> {
  while (performance.now() < end) {
    if (!(await verify(hash, password))) throw new Error('The password is wrong.')
    requests++
  }
}

const verifyAtOnce = () =>
  Promise.all(Array.from({ length: hashConcurrency() }, () => verifyAgainAndAgain()))

end = performance.now() + 300
await verifyAtOnce()
requests = 0
const began = performance.now()
end = began + Number(seconds) * 1000
await verifyAtOnce()
const took = (performance.now() - began) / 1000
console.log(JSON.stringify({ requests, seconds: took, failed: 0, p50: 0, p99: 0 }))
