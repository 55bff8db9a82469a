import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sourceOf } from '../../../src/core/throttle/source.ts'

test('an IPv4 address is its own source, however it is written (TH-09)', () => {
  for (const address of [
    '192.0.2.7',
    '::ffff:192.0.2.7',
    '::FFFF:c000:207',
    '[::ffff:192.0.2.7]',
  ]) {
    assert.equal(sourceOf(address), '192.0.2.7')
  }
  assert.notEqual(sourceOf('192.0.2.7'), sourceOf('192.0.2.8'))
})

test('all addresses of a /64 are one source, in every spelling (TH-09, CVE-2026-45364)', () => {
  const spellings = ['2001:DB8::1', '2001:db8:0::1', '2001:db8:0:0:ffff::', '2001:0db8::192.0.2.1']
  for (const address of spellings) assert.equal(sourceOf(address), '2001:db8:0:0::/64', address)
  assert.equal(sourceOf('fe80::1%eth0'), sourceOf('fe80::2'))
  assert.notEqual(sourceOf('2001:db8:0:1::1'), sourceOf('2001:db8:0:2::1'))
  assert.equal(sourceOf('::1'), '0:0:0:0::/64')
})

test('2000 addresses of one /64 are one source (TH-09)', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16))
  fc.assert(
    fc.property(fc.array(group, { minLength: 4, maxLength: 4 }), (tail) => {
      assert.equal(sourceOf(`2001:db8:a:b:${tail.join(':')}`), '2001:db8:a:b::/64')
    }),
    { numRuns: 2000 },
  )
})

test('what a proxy writes around an address does not make it another source (TH-09)', () => {
  for (const [written, source] of [
    ['203.0.113.9:51234', '203.0.113.9'],
    ['"203.0.113.9:51234"', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['203.0.113.9:_obfuscated', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['"[2001:db8::1]:443"', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1:2:3:4:443', '2001:db8:0:0::/64'],
    ['[fe80::1%eth0]:80', 'fe80:0:0:0::/64'],
    ['fe80::1%25eth0', 'fe80:0:0:0::/64'],
  ] as const) {
    assert.equal(sourceOf(written), source, written)
  }
})

test('what is no address is one source', () => {
  for (const address of [
    'unknown',
    '_hidden',
    '_hidden:80',
    '[]:80',
    '"',
    '1.2.3.4:80:90',
    'for=1.2.3.4',
  ]) {
    assert.equal(sourceOf(address), 'unknown', address)
  }
  for (const address of [undefined, '', 'localhost', '1.2.3', '1.2.3.4.5', '/run/a.sock', ':::']) {
    assert.equal(sourceOf(address), 'unknown')
  }
})
