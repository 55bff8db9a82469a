import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources } from './sources.ts'

const sources = readSources()

/** A layer's own files, which put its rooms together, or stand beneath them all. */
const hall = ''

/**
 * What each room of a layer may name of the same layer, besides itself. Of the hall a room may name only
 * what stands beneath all rooms: `beneath`.
 */
const rooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  core: {
    access: [],
    events: [],
    keys: ['events'],
    throttle: ['events', 'keys'],
    passwords: ['keys', 'throttle'],
    tokens: ['access', 'keys'],
    mail: ['events', 'keys', 'throttle'],
    users: ['access', 'events', 'mail', 'passwords', 'throttle', 'tokens'],
    accounts: ['access', 'events', 'keys', 'mail', 'throttle', 'tokens', 'users'],
    sessions: ['events', 'keys', 'tokens', 'users'],
    clients: ['access', 'events', 'keys', 'throttle', 'tokens', 'users'],
    factors: [
      ...[
        'access',
        'accounts',
        'events',
        'keys',
        'mail',
        'sessions',
        'throttle',
        'tokens',
        'users',
      ],
    ],
    issuers: ['access', 'events', 'tokens', 'users'],
    'api-keys': ['access', 'events', 'keys', 'mail', 'sessions', 'tokens', 'users'],
    authorization: ['access', 'clients', 'events', 'keys', 'mail', 'sessions', 'tokens', 'users'],
  },
  http: {
    guards: [],
    grants: [],
    pages: [],
    endpoints: ['grants', 'guards', 'pages'],
    authorization: ['endpoints', 'grants', 'guards', 'pages'],
  },
  pages: { texts: [] },
  stores: {
    contract: [],
    sql: [],
    migrations: ['sql'],
    memory: [],
    sqlite: ['migrations', 'sql'],
    postgres: ['migrations', 'sql'],
  },
  server: { settings: [], logging: [], routes: ['logging'] },
  cli: { terminal: [], import: [], doctor: [], workers: ['terminal'] },
}

/** Files of a hall that rooms may name: they name no room, or are the ports that all of them share. */
const beneath: Readonly<Record<string, readonly string[]>> = {
  core: [
    'address.ts',
    'clock.ts',
    'coalesce.ts',
    'compatibility.ts',
    'database-time.ts',
    'errors.ts',
    'maybe-promise.ts',
    'options.ts',
    'page.ts',
    'prune-batches.ts',
    'statistics.ts',
    'store.ts',
  ],
  http: [
    'bearer.ts',
    'client-authentication.ts',
    'error-answers.ts',
    'form.ts',
    'mounted-endpoint.ts',
    'posted-form.ts',
    'refusal-documentation.ts',
    'refusal.ts',
    'token-messages.ts',
  ],
  stores: ['inspection.ts', 'key-file.ts', 'store-error.ts', 'subject-cache.ts', 'time-limit.ts'],
  server: ['setup.ts'],
  cli: ['exit-code.ts', 'file-failure.ts', 'grace-period.ts', 'quick-start.ts', 'serve.ts'],
}

/** Rooms with a door: the only files that others may name. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'cli/import': [
    ...['decode-text.ts', 'firebase.ts', 'formula.ts', 'input.ts', 'mappings.ts', 'read-file.ts'],
  ],
  'cli/workers': ['worker.ts', 'workers.ts'],
  'core/throttle': ['source.ts', 'throttle-store.ts', 'throttle.ts'],
  'core/tokens': [
    ...['access-token.ts', 'authentication.ts', 'external-subject.ts', 'former-issuer.ts'],
    'token-text.ts',
  ],
  'http/grants': ['grants.ts', 'late-demand.ts', 'scopes.ts', 'second-factor.ts'],
  'stores/memory': ['memory.ts'],
  'stores/migrations': ['change-log.ts', 'events.ts', 'migrations.ts', 'own-schema.ts', 'owner.ts'],
  'stores/postgres': ['inspection.ts', 'postgres.ts', 'url.ts'],
  'stores/sqlite': ['copy.ts', 'inspection.ts', 'restore.ts', 'sqlite.ts'],
}

interface Place {
  readonly layer: string
  readonly room: string
  /** From the room on. */
  readonly file: string
}

function placeOf(path: string): Place {
  const [layer = '', second = '', ...rest] = path.split('/')
  return rest.length === 0
    ? { layer, room: hall, file: second }
    : { layer, room: second, file: rest.join('/') }
}

/** Every import of one of our files from another room, but for those of public indexes. */
const arrows = sources
  .filter(({ path }) => !path.endsWith('index.ts'))
  .flatMap(({ path, imports }) =>
    imports.flatMap(({ file }) => {
      if (file === undefined) return []
      const [from, to] = [placeOf(path), placeOf(file)]
      return from.layer === to.layer && from.room === to.room
        ? []
        : [{ text: `${path} -> ${file}`, from, to }]
    }),
  )

test('every folder of a layer with rooms is one of them', () => {
  const found = sources.map(({ path }) => placeOf(path)).filter(({ room }) => room !== hall)
  for (const { layer, room } of found) {
    assert.ok(rooms[layer]?.[room], `src/${layer}/${room} has no place among the rooms`)
  }
  for (const [layer, ofLayer] of Object.entries(rooms)) {
    for (const room of Object.keys(ofLayer)) {
      assert.ok(
        found.some((place) => place.layer === layer && place.room === room),
        `src/${layer}/${room} is gone`,
      )
    }
  }
})

/** Layers in which a file of the hall could not pass on what a room may not name. */
const closed = ['core', 'http']

test('what stands beneath all rooms names none, but for the ports that all of them share', () => {
  const reaching = arrows.filter(
    ({ from, to }) =>
      closed.includes(from.layer) &&
      from.layer === to.layer &&
      from.room === hall &&
      to.room !== hall &&
      beneath[from.layer]?.includes(from.file) &&
      `${from.layer}/${from.file}` !== 'core/store.ts',
  )
  assert.deepEqual(
    reaching.map(({ text }) => text),
    [],
  )
})

test('a room names only the rooms it may', () => {
  const inside = arrows.filter(({ from, to }) => from.layer === to.layer && from.room !== hall)
  const wrong = inside.filter(({ from, to }) =>
    to.room === hall
      ? !beneath[from.layer]?.includes(to.file)
      : !rooms[from.layer]?.[from.room]?.includes(to.room),
  )
  assert.deepEqual(
    wrong.map(({ text }) => text),
    [],
  )
  for (const [layer, ofLayer] of Object.entries(rooms)) {
    for (const [room, may] of Object.entries(ofLayer)) {
      for (const other of may) {
        assert.ok(
          inside.some(
            ({ from, to }) => from.layer === layer && from.room === room && to.room === other,
          ),
          `${layer}/${room} need not be allowed ${other}`,
        )
      }
    }
  }
})

test('no room names itself by way of others', () => {
  for (const [layer, ofLayer] of Object.entries(rooms)) {
    function visit(room: string, trail: readonly string[]): void {
      assert.ok(!trail.includes(room), `${layer}: ${[...trail, room].join(' -> ')}`)
      for (const other of ofLayer[room] ?? []) visit(other, [...trail, room])
    }
    for (const room of Object.keys(ofLayer)) visit(room, [])
  }
})

test('a room with a door is entered by it', () => {
  const doorOf = ({ layer, room }: Place): readonly string[] | undefined =>
    doors[`${layer}/${room}`]
  const around = arrows.filter(({ to }) => doorOf(to)?.includes(to.file) === false)
  assert.deepEqual(
    around.map(({ text }) => text),
    [],
  )
  for (const [room, files] of Object.entries(doors)) {
    for (const file of files) {
      assert.ok(
        arrows.some(({ to }) => `${to.layer}/${to.room}` === room && to.file === file),
        `nobody comes into ${room} by ${file}`,
      )
    }
  }
})
