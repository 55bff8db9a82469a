// An application with the pages of accounts, whose mails are kept: for tests of every layer above core.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import type { AccountOptions } from '../src/core/accounts/account-options.ts'
import type { Auth } from '../src/core/auth.ts'
import type { AuthOptions } from '../src/core/auth-options.ts'
import { internals } from '../src/core/internals.ts'
import { type Mailbox, mailbox } from '../src/core/mail/mailbox.ts'
import type { Mailer } from '../src/core/mail/mailer.ts'
import { type PortcullisOptions, portcullis } from '../src/fastify/portcullis.ts'
import { createTestAuth } from './fixtures.ts'

export interface AccountSite {
  readonly auth: Auth
  readonly app: FastifyInstance
  readonly mails: Mailbox
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<LightMyRequestResponse>
  /** Sends a form as a browser does from the page itself. */
  send(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<LightMyRequestResponse>
  /** The link of the first mail with one that was not asked for yet. Waits for it where mails are on the way. */
  nextLink(): Promise<string>
  close(): Promise<void>
}

/** What the site is made of. Default: everybody may register, by https. */
export interface AccountSiteOptions {
  readonly accounts?: AccountOptions
  readonly plugin?: Partial<PortcullisOptions>
  readonly auth?: Partial<AuthOptions>
}

export async function openAccountSite(options: AccountSiteOptions = {}): Promise<AccountSite> {
  const mails = mailbox()
  const links: string[] = []
  const sent = new EventEmitter()
  const mailer: Mailer = {
    async send(mail, signal) {
      await mails.send(mail, signal)
      const link = mails.mails.find(({ id }) => id === mail.id)?.link ?? null
      if (link === null) return
      links.push(link)
      sent.emit('link')
    },
  }
  const accounts: AccountOptions = {
    ...{ mailer, from: 'no-reply@example.com', name: 'Example', registration: 'open' },
    ...options.accounts,
  }
  const issuer = 'https://auth.example.com'
  const auth = await createTestAuth({ issuer, ...options.auth, accounts })
  const app = Fastify()
  await app.register(portcullis, { auth, ...options.plugin })
  return {
    ...{ auth, app, mails },
    get: (url, headers = {}) => app.inject({ url, headers }),
    send: (url, fields, headers = {}) =>
      app.inject({
        ...{ method: 'POST', url, payload: new URLSearchParams(fields).toString() },
        headers: present({
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          ...headers,
        }),
      }),
    async nextLink() {
      await auth[internals].outbox?.sendDue()
      // A site that listens sends by itself, and may have begun.
      if (links.length === 0) await once(sent, 'link', { signal: AbortSignal.timeout(10_000) })
      return links.shift() ?? assert.fail('no mail has a link')
    },
    async close() {
      await app.close()
      await auth.close()
    },
  }
}

/** Headers without those that are to be missing. */
function present(
  headers: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
}
