// The commands that the documents show: all of them are ones that there are, and those of a page that can
// be done one after the other are done.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { samplePasswords } from '../../src/core/passwords/sample-passwords.ts'
import { createInstallation, main, run, serve } from '../cli/process.ts'
import { root } from './sources.ts'

const pages = globSync(['README.md', 'SECURITY.md', 'docs/**/*.md', 'examples/**/README.md'], {
  cwd: root,
})

const read = (page: string): string => readFileSync(join(root, page), 'utf8')

function blocksOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^```(?:sh|console)\n([\s\S]*?)^```$/gm)].map(
    ([, block = '']) => block,
  )
}

/** What follows `portcullis` wherever a document says what to type, up to where another program begins. */
function commandsOf(page: string): readonly string[] {
  const inline = [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const lines = blocksOf(page).flatMap((block) => block.split('\n'))
  return [
    ...lines.flatMap((line) => [
      ...line.matchAll(/(?:npx portcullis|npm run portcullis --) (.*)/g),
    ]),
    ...inline.flatMap((code) => [...code.matchAll(/^(?:npx |npm run )?portcullis (?:-- ?)?(.*)/g)]),
  ].map(([, words = '']) => words.replace(/\s+[|>&#] .*|\s*[#)].*/g, '').trim())
}

const program = await createProgram()

/** What is wrong with a command, or null. */
function judge(words: readonly string[]): string | null {
  let command: Command = program
  let rest = [...words]
  while (command.commands.length > 0) {
    const [name, ...others] = rest
    // The name of a group says what it is for.
    if (name === undefined) return null
    const next = command.commands.find((each) => [each.name(), ...each.aliases()].includes(name))
    if (next === undefined) return `there is no command ${name}`
    command = next
    rest = others
  }
  command.exitOverride().configureOutput({ writeErr: () => {} })
  try {
    const { operands, unknown } = command.parseOptions(rest)
    if (unknown.length > 0) return `there is no ${unknown.join(' ')}`
    const most = command.registeredArguments.length
    return operands.length > most ? `${operands.slice(most).join(' ')} is too much` : null
  } catch (error) {
    return String(error)
  }
}

test('every command in the documents is one that there is, with its options', () => {
  // Names of connections to PostgreSQL, as `portcullis cache`.
  const connections = ['', 'cache', 'watch']
  const commands = pages.flatMap(commandsOf).filter((words) => !connections.includes(words))
  assert.ok(commands.length > 40, String(commands.length))
  const wrong = commands.flatMap((words) => {
    const problem = judge(words.split(/\s+/))
    return problem === null ? [] : [`${words}: ${problem}`]
  })
  assert.deepEqual(wrong, [])
  assert.match(judge(['key', 'list', '--jsno']) ?? '', /--jsno/)
})

const hasCurl = spawnSync('curl', ['--version']).status === 0

interface Shell {
  readonly directory: string
  /** Runs a block as it stands, but for what is replaced; fails if one of its commands does. */
  run(block: string | undefined, replace?: Readonly<Record<string, string>>): Promise<string>
}

const password = 'seven quiet otters juggle'

/** A folder with the package installed, a server, and the user alice. */
async function prepare(t: TestContext): Promise<Shell> {
  const directory = createInstallation()
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  const program = join(bin, 'portcullis')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(program, 0o755)
  const words = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, words, { input: password })).code, 0)
  const server = await serve(directory)
  t.after(() => server.stop())
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}` }
  return {
    directory,
    async run(block, replace = {}) {
      assert.ok(block)
      let script = block
      const all = {
        'http://localhost:8000': server.url,
        'npx portcullis': 'portcullis',
        // The server refuses what the documents print.
        [samplePasswords.alice]: password,
        ...replace,
      }
      for (const [from, to] of Object.entries(all)) script = script.replaceAll(from, to)
      const { stdout } = await promisify(execFile)('sh', ['-euc', script], { cwd: directory, env })
      return stdout
    },
  }
}

/** The members of the JSON that a block says is the answer. */
function membersSaid(block: string | undefined): readonly string[] {
  const [, answer = ''] = /^# (\{[\s\S]*\})$/m.exec(block ?? '') ?? []
  return [...answer.matchAll(/"(\w+)":/g)].map(([, name = '']) => name)
}

const skip = hasCurl ? false : 'not checked: there is no curl here'

test('what the page on clients types works, in its order, and answers what it says', {
  skip,
}, async (t) => {
  const shell = await prepare(t)
  const [registration, login, browser, own, introspection] = blocksOf('docs/clients.md')
  await shell.run(registration)
  const tokens = await shell.run(`${login}\necho "$TOKENS"`)
  const secret = (client: string): Promise<string> =>
    shell.run(`portcullis client secret ${client}`)

  await shell.run(browser)
  const site = JSON.parse(await shell.run('portcullis client show site'))
  assert.equal(site.redirectUris.length, 2)

  const nightly = JSON.parse(await shell.run(`SECRET=${await secret('nightly')}\n${own}`))
  assert.deepEqual(Object.keys(nightly), membersSaid(own))
  assert.equal(nightly.scope, 'stats:read')

  const token = JSON.parse(tokens).access_token
  const settings = `TOKEN=${token}\nSECRET=${await secret('billing-api')}`
  const found = JSON.parse(await shell.run(`${settings}\n${introspection}`))
  assert.deepEqual(Object.keys(found), membersSaid(introspection))
})

test('what the page on sessions types refreshes', { skip }, async (t) => {
  const shell = await prepare(t)
  const [refresh] = blocksOf('docs/sessions.md')
  const login = `http://localhost:8000/auth/token -d username=alice -d 'password=${password}'`
  const { refresh_token } = JSON.parse(await shell.run(`curl -s ${login}`))
  const next = JSON.parse(await shell.run(refresh, { 'prt_…': refresh_token }))
  assert.notEqual(next.refresh_token, refresh_token)
})

test('what the page on importing types brings users in and out', async (t) => {
  const shell = await prepare(t)
  const page = 'docs/importing-users.md'
  const [, line = ''] = /^```json\n([\s\S]*?)^```$/m.exec(read(page)) ?? []
  const later = JSON.stringify({ ...JSON.parse(line), active: false })
  writeFileSync(join(shell.directory, 'users.jsonl'), line)
  writeFileSync(join(shell.directory, 'later.jsonl'), later)
  const [bringIn, bringOut] = blocksOf(page)
  await shell.run(bringIn)
  assert.match(await shell.run('portcullis user list'), /\bann\b.*\binactive\b/)
  await shell.run(bringOut)
})
