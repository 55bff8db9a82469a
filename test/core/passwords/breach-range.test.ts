import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ConfigError } from '../../../src/core/errors.ts'
import { createBreachCheck } from '../../../src/core/passwords/breach-check.ts'
import { BreachLookupError, sha1Of } from '../../../src/core/passwords/breach-lookup.ts'
import { createRangeLookup, pwnedPasswordsUrl } from '../../../src/core/passwords/breach-range.ts'
import { type BreachServer, rangeLine, startBreachServer } from './breach-server.ts'

let server: BreachServer
before(async () => {
  server = await startBreachServer()
})
after(() => server.close())

const stolen = 'seven quiet otters juggle'
const other = rangeLine('another password', 3)
const endless = new AbortController().signal

const find = async (password = stolen, url = server.url): Promise<boolean> =>
  createRangeLookup(url)(password, endless)

/** Why it could not be told: without any part of the password. */
async function failureOf(url = server.url): Promise<string> {
  let message = ''
  await assert.rejects(find(stolen, url), (error) => {
    assert.ok(error instanceof BreachLookupError, String(error))
    message = error.message
    return true
  })
  assert.ok(!message.includes(sha1Of(stolen).slice(0, 5)) && !message.includes(stolen))
  return message
}

test('the SHA-1 is that of the list', () => {
  assert.equal(sha1Of('password'), '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8')
  assert.equal(pwnedPasswordsUrl, 'https://api.pwnedpasswords.com/range/')
})

test('five characters of the SHA-1 leave the process, and padding is asked for (AC-118)', async () => {
  server.answerLines(other)
  const before = server.requests.length
  await find()
  const [request, ...more] = server.requests.slice(before)
  assert.deepEqual(more, [])
  assert.equal(request?.method, 'GET')
  assert.equal(request?.url, `/range/${sha1Of(stolen).slice(0, 5)}`)
  const { host, ...headers } = request?.headers ?? {}
  assert.equal(`http://${host}/range/`, server.url)
  assert.deepEqual(headers, {
    accept: 'text/plain',
    'add-padding': 'true',
    'user-agent': 'portcullis',
    // What Node.js adds to every request.
    'accept-encoding': 'gzip, deflate',
    'accept-language': '*',
    connection: 'keep-alive',
    'sec-fetch-mode': 'cors',
  })
})

test('a password is found by the rest of its hash, in upper or lower case', async () => {
  for (const lines of [
    [rangeLine(stolen)],
    [other, rangeLine(stolen, 12)],
    [rangeLine(stolen).toLowerCase(), other, ''],
  ]) {
    server.answerLines(...lines)
    assert.equal(await find(), true, lines.join())
  }
  server.answerLines(other)
  assert.equal(await find(), false)
})

test('padding, which has the count 0, is no stolen password (AC-118)', async () => {
  server.answerLines(other, rangeLine(stolen, 0))
  assert.equal(await find(), false)
})

test('no cookie is sent back, and nothing of the password before', async () => {
  server.answer((response) => {
    response.setHeader('set-cookie', 'a=b').end(other)
  })
  await find()
  await find()
  assert.equal(server.requests.at(-1)?.headers.cookie, undefined)
})

test('an answer that is no list is a failure, whatever else is in it', async () => {
  const suffix = sha1Of(stolen).slice(5)
  const bodies = [
    '',
    '\r\n',
    '<html>',
    '{"a":1}',
    `${rangeLine(stolen)}\r\n<html>`,
    `${rangeLine(stolen)}\r\n\r\n${other}`,
    `${suffix}`,
    `${suffix}:`,
    `${suffix}:-1`,
    `${suffix}:1.5`,
    `${suffix}: 1`,
    `${suffix}:1 `,
    `${suffix}:1234567890123456`,
    `${suffix.slice(1)}:1`,
    `0${suffix}:1`,
    `${'G'.repeat(35)}:1`,
  ]
  for (const body of bodies) {
    server.answerLines(body)
    assert.match(await failureOf(), /is no list of hashes/, body)
  }
})

test('a status other than 200 is a failure, and no redirect is followed (AC-118)', async () => {
  for (const status of [500, 429, 404, 301, 302, 307]) {
    server.answer((response) => {
      response.writeHead(status, { location: `${server.url}AAAAA` }).end(rangeLine(stolen))
    })
    const before = server.requests.length
    assert.match(await failureOf(), new RegExp(`answered ${status}, not 200`))
    assert.equal(server.requests.length, before + 1)
  }
})

test('an answer is read up to 512 KiB, compressed or endless (AC-118)', async () => {
  const most = 512 * 1024
  const padded = `${rangeLine(stolen)}\r\n`
  const size = Math.floor(most / padded.length)
  server.answerLines(padded.repeat(size).trimEnd())
  assert.equal(await find(), true)
  const body = padded.repeat(size + 1)
  server.answerLines(body)
  assert.match(await failureOf(), /more than 524288 bytes/)

  server.answer((response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body.repeat(50)))
  })
  assert.match(await failureOf(), /more than 524288 bytes/)

  let closed: Promise<unknown> | undefined
  server.answer((response) => {
    closed = once(response, 'close')
    const write = (): void => {
      if (response.destroyed) return
      response.write(padded.repeat(1000), () => setImmediate(write))
    }
    write()
  })
  assert.match(await failureOf(), /more than 524288 bytes/)
  await closed
})

test('a connection that breaks, and one that is refused, are failures', async () => {
  server.answer((response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write(rangeLine(stolen), () => response.destroy())
  })
  assert.match(await failureOf(), /ended early/)
  server.answer((response) => response.destroy())
  assert.match(await failureOf(), /could not be reached/)

  const gone = await startBreachServer()
  await gone.close()
  assert.match(await failureOf(gone.url), /could not be reached/)
})

test('a server that never answers is given up at the limit, with its connection (AC-118)', async () => {
  for (const begin of [false, true]) {
    let closed: Promise<unknown> | undefined
    server.answer((response) => {
      closed = once(response, 'close')
      if (begin) response.write(other)
    })
    const failures: string[] = []
    const check = createBreachCheck(
      createRangeLookup(server.url),
      (reason) => failures.push(reason),
      500,
    )
    assert.equal(await check(stolen), false)
    assert.deepEqual(failures, ['The list did not answer within 0.5 s.'])
    await closed
  }
})

test('passwords that come at once are looked up one after the other (AC-118)', async () => {
  const alone = await startBreachServer()
  let running = 0
  let most = 0
  alone.answer((response, request) => {
    running++
    most = Math.max(most, running)
    // Others have the time to come in.
    const wait = (rounds: number): void => {
      if (rounds > 0) return void setImmediate(wait, rounds - 1)
      running--
      response.end(request.url?.endsWith(sha1Of('0').slice(0, 5)) ? rangeLine('0') : other)
    }
    wait(20)
  })
  try {
    const lookUp = createRangeLookup(alone.url)
    const names = Array.from({ length: 20 }, (_, index) => String(index))
    const found = await Promise.all(names.map((name) => lookUp(name, endless)))
    assert.deepEqual(
      found,
      names.map((name) => name === '0'),
    )
    assert.equal(alone.requests.length, 20)
    assert.equal(most, 1)
    assert.equal(alone.mostConnections(), 1)
  } finally {
    await alone.close()
  }
})

test('those who wait are given up too, without a request, and the next are looked up', async () => {
  const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>()
  server.answer(() => void tellAsked())
  const lookUp = createRangeLookup(server.url)
  const before = server.requests.length
  const [first, rest] = [new AbortController(), new AbortController()]
  const asking = lookUp('a', first.signal)
  const waiting = ['b', 'c'].map(async (password) => lookUp(password, rest.signal))
  await asked
  // They are told at their turn, if not by the limit of the check.
  rest.abort()
  first.abort()
  const outcomes = await Promise.allSettled([asking, ...waiting])
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  assert.equal(server.requests.length, before + 1)
  server.answerLines(rangeLine(stolen))
  assert.equal(await lookUp(stolen, endless), true)
})

test('100 wait at most, and one more is told at once (AC-118)', async () => {
  const ending = new AbortController()
  server.answer(() => undefined)
  const lookUp = createRangeLookup(server.url)
  const waiting = Array.from({ length: 101 }, async () => lookUp(stolen, ending.signal))
  await assert.rejects(async () => lookUp(stolen, ending.signal), /Too many passwords wait/)
  ending.abort()
  const outcomes = await Promise.allSettled(waiting)
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  server.answerLines(other)
  assert.equal(await lookUp(stolen, endless), false)
})

test('a URL must be https, or this machine, and end in a slash', () => {
  for (const url of [pwnedPasswordsUrl, 'http://localhost:1/', 'http://[::1]/a/']) {
    createRangeLookup(url)
  }
  for (const url of [
    'http://pwned.example/range/',
    'http://localhost.example/',
    'https://pwned.example/range',
    'https://canary@pwned.example/',
    'https://pwned.example/?canary=/',
    'https://pwned.example/#/',
    'ftp://pwned.example/',
    'file:///canary/',
    'pwned.example/',
    '',
  ]) {
    assert.throws(
      () => createRangeLookup(url),
      (error) => error instanceof ConfigError && !error.message.includes('canary'),
      url,
    )
  }
})
