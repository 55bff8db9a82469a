// Mails to real relays: one that takes them, and others that refuse, hang, break off or cannot be trusted.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { ConfigError } from '../../src/core/errors.ts'
import {
  type Mail,
  MailRefusedError,
  SmtpError,
  type SmtpMailer,
  smtp,
} from '../../src/mail/index.ts'
import { aCertificate, answer, startListener, startRelay } from './relay.ts'

const address = 'ann@example.com'
const never = new AbortController().signal

const mail: Mail = {
  ...{ id: 'mail-1', kind: 'password_reset', to: address, subject: 'Grüße, Ann' },
  ...{ text: 'Set it:\nhttps://a.example/#token=pot_x\n', html: '<p>Set it</p>' },
  from: { name: 'Example, "Inc."', address: 'no-reply@example.com' },
  headers: { 'Message-ID': '<mail-1@a.example>', 'Auto-Submitted': 'auto-generated' },
}

function open(t: TestContext, url: string, ca?: string): SmtpMailer {
  const mailer = smtp(ca === undefined ? url : { url, ca })
  t.after(() => mailer.close())
  return mailer
}

/** The error of something that must fail; it holds neither the address nor the password. */
async function errorOf(work: Promise<void>): Promise<MailRefusedError | SmtpError> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof MailRefusedError || error instanceof SmtpError, String(error))
    assert.equal(error.cause, undefined)
    assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /ann@|pot_x|pa:ss/)
    return error
  }
  assert.fail('it was sent')
}

test('a relay of this machine takes a mail as it is', async (t) => {
  const { port, received } = await startRelay(t)
  await open(t, `smtp://127.0.0.1:${port}`).send(mail, never)
  assert.equal(received.length, 1)
  const { from, to, source = '' } = received[0] ?? {}
  assert.deepEqual([from, to], ['no-reply@example.com', [address]])
  assert.match(source, /^Message-ID: <mail-1@a\.example>\r$/im)
  assert.match(source, /^Auto-Submitted: auto-generated\r$/im)
  assert.match(source, /^From: "Example, \\"Inc\.\\"" <no-reply@example\.com>\r$/m)
  assert.match(source, /^To: ann@example\.com\r$/m)
  assert.match(source, /^Subject: =\?UTF-8\?/m)
  assert.match(source, /multipart\/alternative/)
})

test('a mailer that is opened speaks to no relay before its first mail', async (t) => {
  const { port, received } = await startRelay(t)
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  await mailer.open()
  assert.equal(received.length, 0)
  // Where nobody listens it makes no difference.
  await open(t, 'smtp://127.0.0.1:1').open()
  await mailer.send(mail, never)
  assert.equal(received.length, 1)
})

test('one connection carries many mails', async (t) => {
  let connections = 0
  const { port, received } = await startRelay(t, {
    onConnect(_, done) {
      connections++
      done()
    },
  })
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  for (let each = 0; each < 5; each++) await mailer.send(mail, never)
  assert.deepEqual([received.length, connections], [5, 1])
})

test('a text that a parser may read as two addresses goes to nobody else (AC-02)', async (t) => {
  const { port, received } = await startRelay(t)
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  for (const to of [
    'ann@example.com, eve@evil.example',
    'ann@example.com\r\nRCPT TO:<eve@evil.example>',
    'ann@example.com> <eve@evil.example',
    'Eve <eve@evil.example>',
  ]) {
    await mailer.send({ ...mail, to }, never).catch(() => {})
  }
  assert.deepEqual(
    received.flatMap(({ to }) => to).filter((to) => /^eve@evil\.example$/.test(to)),
    [],
  )
})

test('a user and a password that are percent-encoded are given to a relay over TLS (AC-53)', async (t) => {
  const certificate = await aCertificate('localhost')
  const { port, received } = await startRelay(t, {
    ...{ ...certificate, secure: true, authOptional: false },
    onAuth({ username, password }, _, done) {
      if (password === 'pa:ss@1') done(null, { user: username })
      else done(new Error('Invalid user or password'))
    },
  })
  const url = (password: string): string => `smtps://me%40x:${password}@localhost:${port}`
  const mailer = open(t, url('pa%3Ass%401'), certificate.cert)
  await mailer.check()
  await mailer.send(mail, never)
  assert.deepEqual(
    received.map(({ user, secure }) => [user, secure]),
    [['me@x', true]],
  )
  const wrong = open(t, url('pa%3Ass'), certificate.cert)
  for (const work of [() => wrong.check(), () => wrong.send(mail, never)]) {
    assert.equal((await errorOf(work())).code, 'relay_login_refused')
  }
})

test('a relay by another name than this machine is spoken to by STARTTLS (AC-53)', async (t) => {
  // Not 127.0.0.1, and yet this machine.
  const certificate = await aCertificate('0.0.0.0')
  const { port, received } = await startRelay(t, certificate)
  const url = `smtp://0.0.0.0:${port}`
  await open(t, url, certificate.cert).send(mail, never)
  assert.deepEqual(
    received.map(({ secure }) => secure),
    [true],
  )
  assert.equal((await errorOf(open(t, url).send(mail, never))).code, 'relay_untrusted')
  assert.equal(received.length, 1)
})

test('a relay by another name that offers no STARTTLS gets neither mail nor password (AC-53)', async (t) => {
  let asked = 0
  const { port, received } = await startRelay(t, {
    ...{ allowInsecureAuth: true, disabledCommands: ['STARTTLS'] },
    onAuth(_, __, done) {
      asked++
      done(null, { user: 'x' })
    },
  })
  const mailer = open(t, `smtp://user:pa%3Ass@0.0.0.0:${port}`)
  assert.equal((await errorOf(mailer.send(mail, never))).code, 'relay_untrusted')
  assert.equal((await errorOf(mailer.check())).code, 'relay_untrusted')
  assert.deepEqual([asked, received], [0, []])
})

test('a certificate of another name, or of nobody who is trusted, is refused (AC-53)', async (t) => {
  const other = await aCertificate('relay.example.com')
  const { port, received } = await startRelay(t, { ...other, secure: true })
  for (const ca of [other.cert, undefined]) {
    const error = await errorOf(open(t, `smtps://localhost:${port}`, ca).send(mail, never))
    assert.equal(error.code, 'relay_untrusted')
  }
  assert.deepEqual(received, [])
})

test('5xx for the recipient or the mail is a refusal for good; 4xx is not (AC-52)', async (t) => {
  const { port } = await startRelay(t, {
    onMailFrom({ address: from }, _, done) {
      done(from.startsWith('refused') ? answer(550, from) : null)
    },
    onRcptTo({ address: to }, _, done) {
      const [, status] = /^(\d{3})@/.exec(to) ?? []
      done(status === undefined ? null : answer(Number(status), to))
    },
    onData(stream, { envelope }, done) {
      stream.resume()
      const [, status] = /^data(\d{3})@/.exec(envelope.rcptTo[0]?.address ?? '') ?? []
      stream.on('end', () => done(status === undefined ? null : answer(Number(status), address)))
    },
  })
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  const rows: readonly (readonly [to: string, code: string])[] = [
    ['550@example.com', 'mail_refused'],
    ['553@example.com', 'mail_refused'],
    ['450@example.com', 'relay_refuses_now'],
    // It closes the connection.
    ['421@example.com', 'relay_unreachable'],
    ['data554@example.com', 'mail_refused'],
    ['data451@example.com', 'relay_refuses_now'],
  ]
  for (const [to, code] of rows) {
    assert.equal((await errorOf(mailer.send({ ...mail, to }, never))).code, code, to)
  }
  // The sender is ours: with another one every mail could be sent.
  const from = { name: '', address: 'refused@example.com' }
  assert.equal((await errorOf(mailer.send({ ...mail, from }, never))).code, 'relay_refuses_now')
  await mailer.send(mail, never)
})

test('a relay that refused for a while takes the mail later, on the same mailer (AC-52)', async (t) => {
  let refusals = 2
  const { port, received } = await startRelay(t, {
    onRcptTo(_, __, done) {
      done(refusals-- > 0 ? answer(451, address) : null)
    },
  })
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  for (let each = 0; each < 2; each++) {
    assert.equal((await errorOf(mailer.send(mail, never))).code, 'relay_refuses_now')
  }
  await mailer.send(mail, never)
  assert.equal(received.length, 1)
})

test('a relay that hangs is given up when the signal says so (AC-50)', async (t) => {
  const { port, server } = await startListener(t, () => {})
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  const connected = once(server, 'connection')
  const abort = new AbortController()
  const error = errorOf(mailer.send(mail, abort.signal))
  await connected
  abort.abort()
  assert.equal((await error).message, 'The mail relay does not answer: EABORT.')
})

test('a relay that breaks off, or is gone, is an error for now (AC-52)', async (t) => {
  let broken = 0
  const { port, server } = await startListener(t, (socket) => {
    broken++
    socket.write('220 relay ESMTP\r\n')
    socket.once('data', () => socket.destroy())
  })
  const mailer = open(t, `smtp://127.0.0.1:${port}`)
  assert.equal((await errorOf(mailer.send(mail, never))).code, 'relay_unreachable')
  // The outbox tries again, not the mailer.
  assert.equal(broken, 1)
  await new Promise((resolve) => server.close(resolve))
  for (const work of [() => mailer.send(mail, never), () => mailer.check()]) {
    const error = await errorOf(work())
    assert.deepEqual(
      [error.code, error.message],
      ['relay_unreachable', 'The mail relay does not answer: ECONNREFUSED.'],
    )
  }
})

test('a URL that cannot be a relay is refused when the mailer is made', () => {
  assert.throws(() => smtp('http://relay.example.com'), ConfigError)
  // What JavaScript may pass.
  assert.throws(() => smtp({} as never), ConfigError)
})
