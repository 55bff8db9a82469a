import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkClients } from '../../../src/cli/doctor/clients.ts'
import { readConfiguredClients } from '../../../src/core/clients/configured.ts'
import type { NewClient } from '../../../src/core/clients/registration.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import type { DatabaseInspection } from '../../../src/stores/inspection.ts'

interface Given {
  readonly hostedLogin?: boolean
  readonly configured?: readonly NewClient[]
}

/** What is found of clients in the database, and of those in the configuration. */
function examine(stored: readonly NewClient[], { hostedLogin, configured = [] }: Given = {}) {
  const contents = { clients: readConfiguredClients(stored) }
  return checkClients({
    config: { ...readConfig({ CLIENTS: JSON.stringify(configured) }), hostedLogin },
    inspection: { contents } as DatabaseInspection,
  })
}

const said = (...given: Parameters<typeof examine>): string =>
  examine(...given)
    .map(({ status, finding }) => `${status}: ${finding}`)
    .join('\n')

const redirectUris = ['https://app.example.com/callback']
const on = { hostedLogin: true }

test('without clients, or without a database, there is nothing to say', () => {
  assert.equal(said([]), '')
  assert.deepEqual(checkClients({ config: readConfig({}), inspection: null }), [])
})

test('clients that fit are counted, where people log in by browser and where not', () => {
  assert.equal(said([{ id: 'app' }]), 'ok: 1 client is registered.')
  const fit = [
    { id: 'web', redirectUris },
    { id: 'own', firstParty: true },
  ]
  assert.equal(said(fit, on), 'ok: 2 clients are registered.')
})

test('a client that is not first-party and may use the password grant is a warning (OP-94)', () => {
  const clients = [
    { id: 'other', grants: ['password'] },
    { id: 'both', redirectUris, grants: ['password', 'authorization_code'] },
    { id: 'own', firstParty: true },
    { id: 'web', redirectUris },
  ]
  assert.match(said(clients, on), /^warning: .* may use the grant password, .*: both, other\.$/)
  const [finding] = examine(clients, on)
  assert.match(String(finding?.advice), /--redirect-uri .* --first-party/)
})

test('a configured client counts in the place of a stored one (OP-94)', () => {
  const configured = [{ id: 'app', firstParty: true }]
  assert.equal(said([{ id: 'app' }], { ...on, configured }), 'ok: 1 client is registered.')
  assert.match(said([], { ...on, configured: [{ id: 'app' }] }), /^warning: .*: app\.$/)
})

test('a list of scopes with one of OpenID Connect is a warning', () => {
  const clients = [{ id: 'web', redirectUris, scopes: ['openid', 'stats:read'] }]
  assert.match(said(clients, on), /^warning: Clients have scopes of OpenID Connect .*: web\.$/)
  const fit = [{ id: 'web', redirectUris, scopes: ['stats:read', '*'] }]
  assert.match(said(fit, on), /^ok: /)
})

test('a client for logins by browser is a warning where there are none', () => {
  const clients = [
    { id: 'web', redirectUris },
    { id: 'app', scopes: ['email'] },
  ]
  assert.match(said(clients), /^warning: .* switched off: web\.$/)
})
