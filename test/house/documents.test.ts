import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { eventTypes } from '../../src/core/events/vocabulary.ts'
import { settingsBySubject } from '../../src/server/settings/settings.ts'
import { fromBuild } from '../prepared.ts'
import { root } from './sources.ts'

const execute = promisify(execFile)

/** Those that must be there, besides whatever `docs` holds. */
const required = [
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'docs/configuration.md',
]

const documents = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A document without what is not prose. */
function proseOf(path: string): string {
  return read(path)
    .replace(/^(`{3,}).*\n[\s\S]*?^\1\s*$/gm, '')
    .replace(/`[^`\n]*`/g, '``')
}

/** Where the links of a document that are not to the web lead. */
function linksOf(path: string): readonly string[] {
  const prose = proseOf(path)
  return [...prose.matchAll(/\]\(<?([^)\s>]+)/g), ...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z\d+.-]*:/i.test(target))
}

/** The anchors of the headings of a document, as GitHub makes them. */
function anchorsOf(path: string): readonly string[] {
  const text = read(path).replace(/^(`{3,}).*\n[\s\S]*?^\1\s*$/gm, '')
  const seen = new Map<string, number>()
  return [...text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
}

test('every document that people look for is there and says something', () => {
  const empty = required.filter((path) => !existsSync(join(root, path)) || read(path).trim() === '')
  assert.deepEqual(empty, [])
})

test('every link within the repository leads somewhere', () => {
  const broken: string[] = []
  let followed = 0
  for (const path of documents) {
    for (const link of linksOf(path)) {
      followed += 1
      const [file = '', anchor] = link.split('#', 2)
      const target = file === '' ? path : join(dirname(path), decodeURIComponent(file))
      const found =
        !target.startsWith('..') &&
        existsSync(join(root, target)) &&
        (anchor === undefined || anchorsOf(target).includes(anchor))
      if (!found) broken.push(`${path}: ${link}`)
    }
  }
  assert.deepEqual(broken, [])
  assert.notEqual(followed, 0)
})

test('every file of ours that ARCHITECTURE.md and CONTRIBUTING.md name is there', () => {
  const paths = ['ARCHITECTURE.md', 'CONTRIBUTING.md'].flatMap((page) =>
    [...read(page).matchAll(/[\w-]+\/(?:\{[\w,-]+\}|[\w/.-])+\.ts\b/g)].map(([path]) => path),
  )
  assert.ok(paths.length > 20)
  // Those of `src` are named without it.
  const isThere = (path: string): boolean =>
    ['.', 'src'].some((folder) => globSync(path, { cwd: join(root, folder) }).length > 0)
  assert.deepEqual(
    paths.filter((path) => !isThere(path)),
    [],
  )
})

test('every page of docs is linked from another document', () => {
  const linked = documents.flatMap((path) =>
    linksOf(path)
      .map((link) => join(dirname(path), link.split('#', 1)[0] ?? ''))
      .filter((target) => target !== path),
  )
  assert.deepEqual(
    documents.filter((path) => path.startsWith('docs/') && !linked.includes(path)),
    [],
  )
})

/** The tables of the variables, as `docs/configuration.md` has them: one for each subject. */
function configurationTables(): readonly string[] {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  return settingsBySubject.flatMap(({ title, settings }) => [
    `## ${title}`,
    '',
    '| variable | default | what it is |',
    '|---|---|---|',
    ...settings.map(({ name, default: fallback, description, secret }) => {
      const also = secret ? ` Or \`${name}_FILE\`.` : ''
      return `| \`${name}\` | ${cell(fallback)} | ${cell(description)}${also} |`
    }),
    '',
  ])
}

/** The table of the events, as `docs/events.md` has it. */
function eventTable(): readonly string[] {
  return Object.entries(eventTypes).map(([name, { says, outcome, bounded, passing }]) => {
    const mark = bounded ? ' ¹' : passing ? ' ²' : ''
    return `| \`${name}\`${mark} | ${outcome} | ${says} |`
  })
}

test('the table of the events is the list of those that there are (LA-01)', () => {
  const lines = read('docs/events.md').split('\n')
  const documented = lines.filter((line) => / \| (success|failure) \| /.test(line))
  const table = eventTable()
  assert.deepEqual(documented, table, `the table should be:\n\n${table.join('\n')}\n`)
})

test('the tables of the configuration are the settings that the server reads', () => {
  // A formatter may pad the cells.
  const page = read('docs/configuration.md')
    .replace(/^\|[\s:|-]+\|$/gm, '|---|---|---|')
    .replace(/ {2,}\|/g, ' |')
  const tables = configurationTables().join('\n')
  assert.ok(page.includes(tables), `docs/configuration.md should have:\n\n${tables}`)
})

test('the page on other frameworks has the call by which the plugin of Fastify does the maintenance', () => {
  const [call = ''] = /auth\.\w+\(\w+\.signal/.exec(read('src/fastify/portcullis.ts')) ?? []
  const [name = ''] = /auth\.\w+\(/.exec(call) ?? []
  assert.notEqual(name, '', 'the plugin calls something until a signal aborts')
  assert.ok(read('docs/frameworks.md').includes(name))
})

test('the list of examples says what each imports', () => {
  const rows = [...read('examples/README.md').matchAll(/^\| \[\S+\]\((.+?)\) \|.*\| (.*)\|$/gm)]
  assert.deepEqual(
    rows.map(([, folder]) => folder).sort(),
    globSync('*/', { cwd: join(root, 'examples') }).sort(),
  )
  for (const [, folder = '', listed = ''] of rows) {
    const instructions = listed.startsWith('see') ? read(`examples/${folder}/README.md`) : listed
    for (const file of globSync(`examples/${folder}/*.{ts,tsx}`, { cwd: root })) {
      const imports = [...read(file).matchAll(/from '((?:@[^/']+\/)?[^./'][^/']*)/g)]
        .map(([, name = '']) => name)
        .filter((name) => !/^(node:|portcullis$)/.test(name))
      for (const name of imports) assert.ok(instructions.includes(name), `${file}: ${name}`)
    }
  }
})

/** A block of code that people will copy. */
interface Example {
  /** The document and line that it begins at. */
  readonly title: string
  /** Its file in the workshop. */
  readonly file: string
  readonly page: string
  /** What its first line calls it, which other examples of the page may import. */
  readonly name: string | undefined
  readonly code: string
}

/** The last thing that an example says here. */
const done = 'the example ran to its end'

const examples = documents.flatMap((path) => examplesOf(path))

function examplesOf(path: string): readonly Example[] {
  const text = read(path)
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    .map(({ 1: code = '', index }) => ({ code, line: text.slice(0, index).split('\n').length }))
    .filter(({ code }) => /^\/\/ \S+\.ts\n/.test(code) || /from 'portcullis[/']/.test(code))
    .map(({ code, line }) => ({
      title: `${path}:${line}`,
      file: `${path.replace(/\W/g, '-')}-${line}.ts`,
      page: path,
      name: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1],
      code,
    }))
}

// Outside of the repository, as an application is, with its packages. Not in `node_modules`, where
// Node strips no types.
let workshop: string

before(() => {
  workshop = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-examples-')))
  symlinkSync(join(root, 'node_modules'), join(workshop, 'node_modules'), 'junction')
  writeFileSync(join(workshop, 'package.json'), JSON.stringify({ type: 'module' }))
  for (const { file, page, code } of examples) {
    const siblingOf = (name: string): string =>
      examples.find((each) => each.page === page && each.name === name)?.file ?? name
    const text = code
      .replace(/from '\.\/([\w-]+\.ts)'/g, (_, name: string) => `from './${siblingOf(name)}'`)
      .replace(/from '(portcullis(?:\/[^']*)?)'/g, (_, name: string) => `from '${sourceOf(name)}'`)
      .replace(/\bport: 8000\b/g, 'port: 0')
    writeFileSync(join(workshop, file), `${text}\nconsole.log('${done}: ${file}')\n`)
  }
})

after(() => rmSync(workshop, { recursive: true, force: true }))

/** The file of `src` that an import of the package means. */
function sourceOf(name: string): string {
  const { exports } = JSON.parse(read('package.json')) as {
    readonly exports: Readonly<Record<string, { readonly default: string } | undefined>>
  }
  const entry = exports[name.replace(/^portcullis/, '.')]
  assert.ok(entry, `the package has no entry point ${name}`)
  const source = entry.default.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')
  return relative(workshop, join(root, source)).replaceAll('\\', '/')
}

test('the documents have examples, the README among them', () => {
  assert.ok(examples.some(({ title }) => title.startsWith('README.md:')))
})

test('the examples compile', async () => {
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { isolatedDeclarations: false, declaration: false },
    include: [],
    files: examples.map(({ file }) => file),
  }
  writeFileSync(join(workshop, 'tsconfig.json'), JSON.stringify(options))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const said = await execute(process.execPath, [compiler, '-p', workshop], { cwd: workshop }).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  )
  assert.equal(said.stdout, '')
})

// Each mostly waits, and has a directory of its own to keep its files in.
describe('the examples', { concurrency: 3 }, () => {
  for (const { title, file } of examples) {
    test(`the example at ${title} runs`, { timeout: 300_000 }, async ({ signal }) => {
      const cwd = mkdtempSync(join(workshop, 'run-'))
      const env = { ...process.env, PORT: '0', ADMIN_PASSWORD: 'three green tractors sing' }
      const child = spawn(process.execPath, [...fromBuild, join(workshop, file)], {
        cwd,
        env,
        signal,
      })
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk
        // A server goes on until it is told to stop.
        if (said.includes(`${done}: ${file}`)) child.kill('SIGTERM')
      })
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk
      })
      const code = await new Promise((resolve, reject) => {
        child.on('error', reject)
        child.on('close', resolve)
      })
      assert.ok(said.includes(`${done}: ${file}`) && (code === 0 || code === null), said)
    })
  }
})
