// docs/errors.md: every code of every error has its row, with the status that it is answered with.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readErrorCodes } from '../../scripts/public-surface.ts'
import {
  ClientError,
  type ClientErrorCode,
  ConflictError,
  KeyError,
  type KeyErrorCode,
  OAuthError,
  type OAuthErrorCode,
  ThrottledError,
  UnavailableError,
  UserError,
  type UserErrorCode,
} from '../../src/core/errors.ts'
import { answerError } from '../../src/http/error-answers.ts'
import { BearerError, type BearerErrorCode } from '../../src/http/refusal.ts'
import { root } from './sources.ts'

interface Row {
  readonly code: string
  readonly status: string
  readonly cells: readonly string[]
}

/** The rows of each section that is named after a class, by the class. */
function readSections(): ReadonlyMap<string, readonly Row[]> {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const sections = page.split(/^## /m).slice(1)
  return new Map(
    sections.flatMap((section) => {
      const [, name] = /^(\w+Error)\n/.exec(section) ?? []
      return name === undefined ? [] : [[name, readRows(section)] as const]
    }),
  )
}

function readRows(section: string): readonly Row[] {
  return [...section.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(([, code = '', rest = '']) => {
    const cells = rest.split(' | ').map((cell) => cell.trim())
    return { code, status: cells[0] ?? '', cells }
  })
}

const sections = readSections()

test('the page on errors has a row for every code of every error, and for no other', () => {
  const codes = readErrorCodes()
  assert.ok(codes.size >= 10)
  for (const [name, literals] of codes) assert.ok(literals.length > 0, name)
  const sorted = (entries: Iterable<readonly [string, readonly string[]]>): unknown =>
    [...entries].map(([name, list]) => [name, list.toSorted()]).toSorted()
  const documented = [...sections].map(
    ([name, rows]) => [name, rows.map(({ code }) => code)] as const,
  )
  assert.deepEqual(sorted(documented), sorted(codes))
})

test('every row on errors says where, why and what to do', () => {
  for (const [name, rows] of sections) {
    for (const { code, cells } of rows) {
      assert.equal(cells.filter((cell) => cell !== '').length, 4, `${name}: ${code}`)
    }
  }
})

/** The rows of a class with the status of the answer to an error of their code. */
function assertStatuses(name: string, statusOf: (code: string) => number): void {
  const rows = sections.get(name) ?? []
  assert.deepEqual(
    rows.map(({ code, status }) => [code, status]),
    rows.map(({ code }) => [code, String(statusOf(code))]),
  )
}

test('the statuses of a guard’s refusals are those of the page', () => {
  assertStatuses('BearerError', (code) => new BearerError(code as BearerErrorCode).statusCode)
})

test('the statuses of the page are those of the mapping of errors to answers', () => {
  const makers: Readonly<Record<string, (code: string) => Error>> = {
    UserError: (code) => new UserError(code as UserErrorCode, ['x']),
    ClientError: (code) => new ClientError(code as ClientErrorCode, ['x']),
    KeyError: (code) => new KeyError(code as KeyErrorCode, 'x'),
    OAuthError: (code) => new OAuthError(code as OAuthErrorCode, 'x'),
    BearerError: (code) => new BearerError(code as BearerErrorCode),
    UnavailableError: () => new UnavailableError('x', 1),
    ThrottledError: () => new ThrottledError(1),
    ConflictError: (code) => new ConflictError(code as ConflictError['code']),
  }
  for (const [name, make] of Object.entries(makers)) {
    assertStatuses(name, (code) => answerError(make(code))?.status ?? 500)
  }
})
