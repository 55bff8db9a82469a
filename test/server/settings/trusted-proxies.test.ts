import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import {
  isAddressBlock,
  readAddresses,
  trustProxies,
} from '../../../src/server/settings/trusted-proxies.ts'

/** The address that a request counts as coming from. */
async function addressOf(
  peer: string,
  forwarded: string | undefined,
  addresses: readonly string[],
  hops = 1,
): Promise<string> {
  const app = Fastify({ trustProxy: trustProxies({ addresses, hops }) })
  app.get('/', (request) => ({ ip: request.ip }))
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  const answer = await app.inject({ url: '/', remoteAddress: peer, headers })
  return answer.json().ip
}

test('without trusted proxies nobody is believed (TH-09)', async () => {
  assert.equal(await addressOf('10.0.0.1', '203.0.113.5', []), '10.0.0.1')
})

test('a trusted proxy is believed, of IPv4, mapped and of IPv6 (TH-09)', async () => {
  const blocks = ['10.0.0.0/8', 'fd00::/8']
  for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) {
    assert.equal(await addressOf(peer, '203.0.113.5', blocks), '203.0.113.5')
  }
})

test('a proxy that is named with its port is the same proxy (TH-09)', async () => {
  for (const inner of ['10.9.9.9:4711', '[::ffff:10.9.9.9]:4711', '"10.9.9.9"']) {
    const forwarded = `203.0.113.5, ${inner}`
    assert.equal(await addressOf('10.0.0.1', forwarded, ['10.0.0.0/8'], 2), '203.0.113.5', inner)
  }
  for (const inner of ['unknown', '_hidden', 'junk']) {
    const forwarded = `203.0.113.5, ${inner}`
    assert.equal(await addressOf('10.0.0.1', forwarded, ['10.0.0.0/8', '::/0'], 2), inner)
  }
})

test('somebody else who claims to forward is not believed (TH-09)', async () => {
  assert.equal(await addressOf('192.0.2.9', '203.0.113.5', ['10.0.0.0/8']), '192.0.2.9')
})

test('what a client put into the header itself is not believed (TH-09)', async () => {
  const forwarded = '1.2.3.4, 203.0.113.5'
  assert.equal(await addressOf('10.0.0.1', forwarded, ['10.0.0.0/8']), '203.0.113.5')
})

test('no more hops are believed than there are proxies (TH-09)', async () => {
  // A client inside the proxies' own network.
  const forwarded = '1.2.3.4, 10.9.9.9'
  assert.equal(await addressOf('10.0.0.1', forwarded, ['10.0.0.0/8'], 1), '10.9.9.9')
  assert.equal(await addressOf('10.0.0.1', forwarded, ['10.0.0.0/8'], 2), '1.2.3.4')
})

test('addresses and CIDR blocks are told from what is neither', () => {
  const good = ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0', '::/128']
  const bad = ['', 'x', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0/8', '1.2.3.4/a']
  for (const block of good) assert.equal(isAddressBlock(block), true, block)
  for (const block of bad) assert.equal(isAddressBlock(block), false, block)
})

test('a setting of addresses has commas or blanks between, and is refused whole for one that is none', () => {
  const problems: string[] = []
  const addresses = ['10.0.0.0/8', 'fd00::/8', '192.0.2.1']
  assert.deepEqual(readAddresses(' 10.0.0.0/8,fd00::/8, 192.0.2.1 ', problems), addresses)
  assert.deepEqual(problems, [])
  assert.equal(readAddresses('10.0.0.0/8,proxy', problems), undefined)
  assert.equal(problems.length, 1)
  assert.match(String(problems[0]), /^TRUSTED_PROXIES must be addresses or CIDR blocks/)
})
