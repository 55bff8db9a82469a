import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSmtpUrl, smtpProblems } from '../../src/mail/smtp-url.ts'

test('the URL of a relay says host, port, TLS, user and password', () => {
  const rows: readonly (readonly [url: string, relay: object])[] = [
    ['smtps://relay.example.com', { ...named('relay.example.com', 465), secure: true }],
    ['smtp://relay.example.com', named('relay.example.com', 587)],
    ['smtp://RELAY.example.com:2525/', named('relay.example.com', 2525)],
    ['smtp://localhost:25', { ...named('localhost', 25), isLocal: true }],
    ['smtp://127.0.0.9', { ...named('127.0.0.9', 587), isLocal: true }],
    ['smtp://[::1]', { ...named('::1', 587), isLocal: true }],
    // Names that only begin like those of this machine.
    ['smtp://localhost.example.com', named('localhost.example.com', 587)],
    ['smtp://127.0.0.1.example.com', named('127.0.0.1.example.com', 587)],
    ['smtp://0.0.0.0', named('0.0.0.0', 587)],
    [
      'smtps://me%40x:a%2Fb%3A%40@r.example',
      { ...named('r.example', 465), secure: true, user: 'me@x', password: 'a/b:@' },
    ],
  ]
  for (const [url, relay] of rows) {
    assert.deepEqual(smtpProblems(url), [], url)
    assert.deepEqual(parseSmtpUrl(url), relay, url)
  }
})

const named = (host: string, port: number): object => ({
  ...{ host, port, secure: false, isLocal: false },
})

test('what is wrong with a URL is said, without its password', () => {
  for (const url of [
    '',
    'relay.example.com',
    'http://user:hunter2@relay.example.com',
    'smtp://',
    'smtp://relay.example.com/path',
    'smtp://relay.example.com?tls=no',
    'smtp://user@relay.example.com',
    'smtp://:hunter2@relay.example.com',
    'smtp://user:hunter2%zz@relay.example.com',
    'smtp://user:hunter2#@relay.example.com',
    'smtp://relay.example.com:0',
  ]) {
    const problems = smtpProblems(url)
    assert.ok(problems.length > 0, url)
    assert.ok(
      problems.every((each) => each.endsWith('.') && !each.includes('hunter2')),
      url,
    )
  }
})
