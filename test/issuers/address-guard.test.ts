import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPrivate, mayBeIssuer } from '../../src/issuers/address-guard.ts'
import { FetchError, fetchJson } from '../../src/issuers/json-fetch.ts'
import { startProvider } from './provider.ts'

const reserved = [
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'febf::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  '100.100.100.200',
  '0.0.0.0',
  '::',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
]
const possible = [
  '127.0.0.1',
  '::1',
  '10.0.0.1',
  '172.16.3.4',
  '192.168.1.1',
  'fd12:3456::1',
  '169.253.255.255',
  '169.255.0.0',
  '203.0.113.7',
  '2001:db8::1',
  '::ffff:10.0.0.1',
]

test('an issuer may be on a private network, and at no link-local or reserved address (XI-04)', () => {
  for (const address of reserved) assert.equal(mayBeIssuer(address), false, address)
  for (const address of possible) assert.equal(mayBeIssuer(address), true, address)
  for (const text of ['', 'example.com', '1.2.3']) assert.equal(mayBeIssuer(text), false, text)
})

/** First and last addresses of networks, and those just outside. */
const edges = (...outside: string[]) => ({
  of: (...inside: string[]) => ({ inside, outside }),
})

test('each network that is reserved ends where its standard says (XI-04)', () => {
  for (const { inside, outside } of [
    edges('1.0.0.0').of('0.0.0.0', '0.255.255.255'),
    edges('169.253.255.255', '169.255.0.0').of('169.254.0.0', '169.254.255.255'),
    edges('223.255.255.255').of('224.0.0.0', '239.255.255.255'),
    edges('100.100.100.199', '100.100.100.201').of('100.100.100.200'),
    edges('::2').of('::'),
    edges('fe7f:ffff::', 'fec0::').of('fe80::', 'febf:ffff::'),
    edges('feff:ffff::').of('ff00::', 'ffff:ffff::'),
    edges('fd00:ec2::253', 'fd00:ec2::255').of('fd00:ec2::254'),
    edges('fd20:ce::253', 'fd20:ce::255').of('fd20:ce::254'),
    edges('64:ff9b::a9fd:ffff', '64:ff9b::a9ff:0').of('64:ff9b::a9fe:0', '64:ff9b::a9fe:ffff'),
  ]) {
    for (const address of inside) assert.equal(mayBeIssuer(address), false, address)
    for (const address of outside) assert.equal(mayBeIssuer(address), true, address)
  }
})

test('each network that is private ends where its standard says (XI-03)', async () => {
  for (const { inside, outside } of [
    edges('9.255.255.255', '11.0.0.0').of('10.0.0.0', '10.255.255.255'),
    edges('172.15.255.255', '172.32.0.0').of('172.16.0.0', '172.31.255.255'),
    edges('192.167.255.255', '192.169.0.0').of('192.168.0.0', '192.168.255.255'),
    edges('100.63.255.255', '100.128.0.0').of('100.64.0.0', '100.127.255.255'),
    edges('126.255.255.255', '128.0.0.0').of('127.0.0.0', '127.255.255.255'),
    edges('::2').of('::1'),
    edges('fbff:ffff::', 'fe00::').of('fc00::', 'fdff:ffff::'),
  ]) {
    const isHost = (address: string): Promise<boolean> =>
      isPrivate('http://keys.example', async () => [address])
    for (const address of inside) assert.equal(await isHost(address), true, address)
    for (const address of outside) assert.equal(await isHost(address), false, address)
  }
  const both = async () => ['10.0.0.1', '203.0.113.7']
  assert.equal(await isPrivate('http://keys.example', both), false)
})

const options = {
  timeout: 30_000,
  allowInsecureLoopback: true,
  signal: new AbortController().signal,
}
const isReserved = (error: unknown): boolean =>
  error instanceof FetchError && /is at a link-local or reserved address$/.test(error.message)

test('an address in the URL is looked at, however it is written (XI-04)', async () => {
  for (const host of ['169.254.169.254', '2852039166', '0xa9fea9fe', '[::ffff:a9fe:a9fe]']) {
    await assert.rejects(fetchJson(`https://${host}/keys`, options), isReserved)
  }
})

test('every address that a name resolves to is looked at, before anything is asked (XI-04)', async () => {
  const provider = await startProvider()
  provider.serve('/keys', {})
  const url = `${provider.origin.replace('127.0.0.1', 'localhost')}/keys`
  const fetchBy = (...addresses: string[]): Promise<unknown> =>
    fetchJson(url, { ...options, resolve: async () => addresses })
  for (const address of reserved) {
    await assert.rejects(fetchBy(address), isReserved)
    await assert.rejects(fetchBy('127.0.0.1', address), isReserved)
  }
  assert.deepEqual(provider.requests, [])
  assert.deepEqual(await fetchBy('127.0.0.1'), {})
  await provider.close()
})

test('a name that is not resolved in time, or at all, is told so (XI-03)', async () => {
  const { promise: never } = Promise.withResolvers<readonly string[]>()
  const url = 'https://id.example.com/keys'
  const late = fetchJson(url, { ...options, timeout: 1, resolve: () => never })
  await assert.rejects(late, /did not answer whole within 0.001 s/)
  const nowhere = fetchJson(url, { ...options, resolve: () => Promise.reject(new Error('DNS')) })
  await assert.rejects(nowhere, /could not be reached/)
})
