import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackHost, isPublicAddress } from '../../src/hosted-login/public-address.ts'

/** Whether an address is of the public Internet. */
const addresses: readonly (readonly [address: string, isPublic: boolean])[] = [
  ['8.8.8.8', true],
  ['1.1.1.1', true],
  ['172.15.255.255', true],
  ['172.32.0.0', true],
  ['100.63.255.255', true],
  ['223.255.255.255', true],
  ['2606:4700:4700::1111', true],
  ['2a00:1450:4001:82a::200e', true],
  ['3ffe:ffff::1', true],
  // This machine, and what stands for it.
  ['0.0.0.0', false],
  ['127.0.0.1', false],
  ['127.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:7f00:1', false],
  ['::127.0.0.1', false],
  // Private networks.
  ['10.0.0.1', false],
  ['172.16.0.1', false],
  ['172.31.255.255', false],
  ['192.168.0.1', false],
  ['100.64.0.1', false],
  ['100.127.255.255', false],
  ['fc00::1', false],
  ['fdff::1', false],
  ['::ffff:10.0.0.1', false],
  // Of one link, among them the metadata of clouds.
  ['169.254.169.254', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['febf::1', false],
  ['fd00:ec2::254', false],
  ['::ffff:169.254.169.254', false],
  // What leads to some address of IPv4.
  ['64:ff9b::7f00:1', false],
  ['64:ff9b:1::7f00:1', false],
  ['2002:7f00:1::', false],
  ['2001::1', false],
  // Special: documentation, benchmarks, protocols, many receivers, not assigned.
  ['192.0.0.8', false],
  ['192.0.2.1', false],
  ['198.18.0.1', false],
  ['198.51.100.1', false],
  ['203.0.113.1', false],
  ['192.88.99.1', false],
  ['224.0.0.1', false],
  ['240.0.0.1', false],
  ['255.255.255.255', false],
  ['2001:db8::1', false],
  ['3fff::1', false],
  ['ff02::1', false],
  ['100::1', false],
  ['4000::1', false],
  // No addresses.
  ['localhost', false],
  ['', false],
  ['8.8.8', false],
  ['0x8.8.8.8', false],
  ['2001:4860::%1', false],
]

for (const [address, isPublic] of addresses) {
  test(`${address || 'nothing'} is ${isPublic ? 'a public address' : 'none of the public Internet'} (OP-77)`, () => {
    assert.equal(isPublicAddress(address), isPublic)
  })
}

test('a host of a URL is this machine by its name or address alone', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
    assert.equal(isLoopbackHost(host), true, host)
  }
  for (const host of [
    '',
    'localhost.',
    'a.localhost',
    '127.0.0.1.example.com',
    '[::2]',
    '10.0.0.1',
  ]) {
    assert.equal(isLoopbackHost(host), false, host)
  }
})
