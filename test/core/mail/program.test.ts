import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programOf } from '../../../src/core/mail/program.ts'

const rows: readonly (readonly [agent: string, name: string, system: string | null])[] = [
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    ...(['Firefox', 'Windows'] as const),
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0',
    ...(['Edge', 'Windows'] as const),
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15',
    ...(['Safari', 'macOS'] as const),
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/153.0 Mobile/15E148 Safari/604.1',
    ...(['Chrome', 'iOS'] as const),
  ],
  [
    'Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36',
    ...(['Samsung Internet', 'Android'] as const),
  ],
  [
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36',
    ...(['Chrome', 'ChromeOS'] as const),
  ],
  ['curl/8.14.1', 'curl', null],
]

test('a known program is told by its name and its system', () => {
  for (const [agent, name, system] of rows) {
    assert.deepEqual(programOf(agent), { name, system }, agent)
  }
})

test('nothing of an unknown program is passed on (AC-48)', () => {
  for (const agent of [undefined, '', 'https://evil.example/ click here', 'x'.repeat(100_000)]) {
    assert.equal(programOf(agent), null)
  }
  // A known one that says more is told by our names alone.
  assert.deepEqual(programOf('Firefox/1 (Windows; https://evil.example/)'), {
    ...{ name: 'Firefox', system: 'Windows' },
  })
})
