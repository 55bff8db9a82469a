// What an application's compiler and editor see of the guards, by the types that are published.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  buildTypes,
  compiler,
  routeCount,
  typeCheck,
  writeApplication,
} from '../../bench/types/application.ts'

const work = mkdtempSync(join(tmpdir(), 'portcullis-types-'))
after(() => rmSync(work, { recursive: true, force: true }))
const built = join(work, 'package')

before(() => {
  mkdirSync(built)
  buildTypes(built)
})

function makeApplication(name: string, isGuarded: boolean): string {
  const directory = join(work, name)
  writeApplication(directory, built, isGuarded)
  return directory
}

test('a guarded route costs the compiler little more than the same route without a guard', () => {
  const guarded = typeCheck(makeApplication('guarded', true))
  const without = typeCheck(makeApplication('without', false))
  const more = (guarded.instantiations - without.instantiations) / routeCount
  assert.ok(more > 0 && more < 260, `${more} more instantiations of types for each route`)
})

const shown = `
import { all, optional } from 'portcullis'
import { app } from './app.ts'
import { secured } from 'portcullis/fastify'
import { secured as securedWeb } from 'portcullis/web'
import { activeUser, requirePermission, requireRole } from './guards.ts'

app.get('/1', secured(activeUser, (value) => { const shown: never = value }))
app.get('/2', secured(requireRole('admin'), (value) => { const shown: never = value }))
app.get('/3', secured(requirePermission('items:read'), (value) => { const shown: never = value }))
app.get('/4', secured(optional(activeUser), (value) => { const shown: never = value }))
app.get('/5', secured(all({ user: activeUser }), (value) => { const shown: never = value }))
securedWeb(activeUser, (value) => { const shown: never = value; return new Response() })
`

test('an editor shows the plain names of what a handler is given', () => {
  const directory = makeApplication('shown', true)
  writeFileSync(join(directory, 'shown.ts'), shown)
  const { stdout } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], {
    cwd: directory,
    encoding: 'utf8',
  })
  // The compiler writes a type as an editor does.
  const user = 'User<UserFields>'
  const names = [...stdout.matchAll(/^shown\.ts.*Type '(.+)' is not assignable to type 'never'/gm)]
  assert.deepEqual(
    names.map(([, name]) => name),
    [user, user, user, `${user} | null`, `{ user: ${user}; }`, user],
  )
})
