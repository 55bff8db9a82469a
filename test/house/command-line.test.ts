import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Argument, Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { root } from './sources.ts'

const page = readFileSync(join(root, 'docs/command-line.md'), 'utf8')

/** The commands that do something, in the order of the program. */
function leavesOf(command: Command): readonly Command[] {
  const shown = command.createHelp().visibleCommands(command)
  const nested = shown.filter((each) => each.name() !== 'help')
  return nested.length === 0 ? [command] : nested.flatMap(leavesOf)
}

function wordsOf(command: Command): string {
  const above = command.parent
  const words = above === null ? '' : `${wordsOf(above)} `
  return above === null ? '' : `${words.trimStart()}${command.name()}`
}

function argumentsOf(command: Command): string {
  const show = (argument: Argument): string => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? ` <${name}>` : ` [${name}]`
  }
  return command.registeredArguments.map(show).join('')
}

/** The table of the commands, as `docs/command-line.md` has it. */
async function commandTable(): Promise<readonly string[]> {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  return [
    '| command | what it does | options |',
    '|---|---|---|',
    ...leavesOf(await createProgram()).map((command) => {
      const options = command.options
        .filter((option) => !option.hidden)
        .map((option) => `\`${option.flags}\``)
      const usage = `\`${wordsOf(command)}${argumentsOf(command)}\``
      return `| ${cell(usage)} | ${cell(command.description())} | ${cell(options.join(', '))} |`.replace(
        '|  |',
        '| |',
      )
    }),
  ]
}

test('the table of the commands is the list of those that the program has', async () => {
  const [, section = ''] = /## Commands\n([\s\S]*?)\n## /.exec(page) ?? []
  const lines = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => (/^[|\s:-]+$/.test(line) ? '|---|---|---|' : line.replace(/ {2,}\|/g, ' |')))
  const table = await commandTable()
  assert.deepEqual(
    lines,
    table,
    `the table of docs/command-line.md should be:\n\n${table.join('\n')}\n`,
  )
})

test('every command and every option has a description', async () => {
  const silent = leavesOf(await createProgram()).flatMap((command) => [
    ...(command.description() === '' ? [wordsOf(command)] : []),
    ...command.options
      .filter((option) => option.description === '')
      .map((option) => `${wordsOf(command)} ${option.flags}`),
  ])
  assert.deepEqual(silent, [])
})

/** The codes that the program names, beside 0. */
const codesInProgram = [
  ...readFileSync(join(root, 'src/cli/exit-code.ts'), 'utf8').matchAll(/^const [A-Z]+ = (\d+)$/gm),
].map(([, code]) => Number(code))

test('the exit codes of the page are those of the program', () => {
  const [, section = ''] = /## Exit codes\n([\s\S]*?)\n## /.exec(page) ?? []
  const codes = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  assert.deepEqual(codes, [0, ...codesInProgram])
})
