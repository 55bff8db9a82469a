// What no setting can say alone, since it concerns several.

import { openIdScopeNames } from '../../core/access/permissions.ts'
import { createRoles } from '../../core/access/roles.ts'
import { accessTokenMaxLifetime } from '../../core/auth-options.ts'
import { argon2Problem } from '../../core/passwords/password-hash.ts'
import { decodeKey } from './encoded-key.ts'
import { parseIssuers } from './issuers.ts'
import { isInsecure } from './loopback.ts'
import type { Config } from './settings.ts'

type CrossCheck = (config: Config) => readonly string[]

/** Each is for one purpose, and one that is named twice was perhaps meant to be changed (KM-10). */
const secretsDiffer: CrossCheck = (config) => {
  const { secretKey, previousSecretKeys, pepper, previousPeppers } = config
  const { keyEncryptionKey, previousKeyEncryptionKeys } = config
  const texts = [secretKey, ...previousSecretKeys, pepper, ...previousPeppers].flatMap(
    (text) => text ?? [],
  )
  const named = (key: Uint8Array): string => Buffer.from(key).toString('hex')
  const keys = [keyEncryptionKey, ...previousKeyEncryptionKeys].flatMap((key) =>
    key === undefined ? [] : [named(key)],
  )
  const isKey = (text: string): boolean => keys.includes(named(decodeKey(text) ?? Buffer.alloc(0)))
  const differ = [texts, keys].every((each) => new Set(each).size === each.length)
  return differ && !texts.some(isKey)
    ? []
    : [
        'SECRET_KEY, KEY_ENCRYPTION_KEY, PASSWORD_PEPPER and the previous ones must all differ: set another one.',
      ]
}

const lifetimeIsShort: CrossCheck = ({ accessTokenLifetime, allowLongAccessTokens }) =>
  allowLongAccessTokens || accessTokenLifetime <= accessTokenMaxLifetime
    ? []
    : [
        `ACCESS_TOKEN_LIFETIME must be a whole number from 1 to ${accessTokenMaxLifetime}, since a stolen token works that long; or set ALLOW_LONG_ACCESS_TOKENS=true.`,
      ]

const hashesAreStrong: CrossCheck = ({ argon2 }) => {
  const weak = argon2Problem(argon2)
  return weak === null ? [] : [`ARGON2_MEMORY, ARGON2_TIME: ${weak}`]
}

const defaultRoleIsKnown: CrossCheck = ({ roles, defaultRole }) =>
  defaultRole === undefined || Object.hasOwn(roles, defaultRole)
    ? []
    : [`DEFAULT_ROLE must be one of: ${Object.keys(roles).join(', ')}.`]

const issuerIsSafe: CrossCheck = ({ issuer, allowInsecureIssuer }) =>
  allowInsecureIssuer || !isInsecure(issuer)
    ? []
    : [
        'ISSUER must be https: passwords and tokens would cross the network in clear. Put a proxy with TLS in front and name its URL, or set ALLOW_INSECURE_ISSUER=true.',
      ]

const otherIssuersFit: CrossCheck = ({ issuers, issuer, roles }) => {
  const problems: string[] = []
  parseIssuers(issuers, issuer, createRoles(roles), problems)
  return problems
}

const schemaHasPlace: CrossCheck = ({ databaseSchema, databaseUrl }) =>
  databaseSchema === undefined || databaseUrl !== undefined
    ? []
    : [
        'DATABASE_SCHEMA is for PostgreSQL: set DATABASE_URL too, or DATABASE_TABLE_PREFIX instead, which SQLite has.',
      ]

const senderIsNamed: CrossCheck = ({ smtpUrl, mailFrom }) =>
  smtpUrl === undefined || mailFrom !== undefined
    ? []
    : ['MAIL_FROM is missing: SMTP_URL needs to know who mails are from.']

/** What needs a relay has one. Not asked of a server for development, which keeps its mails. */
export const relayIsThere: CrossCheck = ({ smtpUrl, registration, emailChange, notices }) => {
  const wants = [
    ['REGISTRATION', registration !== 'closed' && registration !== 'invited'],
    ['EMAIL_CHANGE', emailChange],
    ['NOTICES', notices],
  ] as const
  return wants
    .filter(([, isOn]) => isOn && smtpUrl === undefined)
    .map(([name]) => `${name} needs SMTP_URL: without mails only invitations and links work.`)
}

/** A permission with the name of a scope of OpenID Connect could not be told from it. */
const scopesAreOneThing: CrossCheck = ({ hostedLogin, roles, clients }) => {
  if (!hostedLogin) return []
  const permissions = [...Object.values(roles), ...clients.map(({ scopes = [] }) => scopes)].flat()
  const clashes = openIdScopeNames.filter((name) => permissions.includes(name))
  return clashes.map(
    (name) =>
      `HOSTED_LOGIN needs the name ${name} for a scope of OpenID Connect: rename that permission in ROLES and CLIENTS.`,
  )
}

const factorRolesFit: CrossCheck = ({ factors, factorRoles, roles }) => {
  if (factorRoles.length > 0 && factors === 'off') {
    return ['FACTOR_ROLES needs FACTORS=optional: nobody could have a second factor.']
  }
  return factorRoles.every((role) => Object.hasOwn(roles, role))
    ? []
    : [`FACTOR_ROLES must be some of: ${Object.keys(roles).join(', ')}.`]
}

const passkeysAreFactors: CrossCheck = ({ factors, passkeys, passkeyRpId, passkeyOrigins }) => {
  if (passkeys && factors === 'off') {
    return ['PASSKEYS needs FACTORS=optional: a passkey is a second factor.']
  }
  const isOdd = !passkeys && (passkeyRpId !== undefined || passkeyOrigins.length > 0)
  return isOdd ? ['PASSKEY_RP_ID and PASSKEY_ORIGINS need PASSKEYS=true.'] : []
}

/** Each returns what is wrong between the settings that it looks at. */
export const crossChecks: readonly CrossCheck[] = [
  secretsDiffer,
  lifetimeIsShort,
  hashesAreStrong,
  defaultRoleIsKnown,
  issuerIsSafe,
  otherIssuersFit,
  schemaHasPlace,
  senderIsNamed,
  scopesAreOneThing,
  factorRolesFit,
  passkeysAreFactors,
]
