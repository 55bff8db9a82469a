// Somebody who does what the tutorial says, word for word. Only the port is another, and the packages are
// those of this repository.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildPackage } from '../../scripts/testing/prepare.ts'
import { findPrepared } from '../prepared.ts'
import { root } from './sources.ts'
import { applyDiff, type Command, isAsShown, type Step } from './tutorial-pages.ts'
import { openAddress, openTerminal, type RunningApp, startApp } from './tutorial-terminal.ts'

/** Where the pages say that the application listens. */
const shownUrl = 'http://localhost:8000'

export interface Reader {
  follow(steps: readonly Step[]): Promise<void>
  /** What a browser opens for the address that the pages show. */
  readonly url: string
  stop(): Promise<void>
}

/** A reader who begins in an empty folder. */
export async function createReader(folder: string): Promise<Reader> {
  // The pages say: mkdir notes && cd notes.
  const project = join(folder, 'notes')
  const terminal = openTerminal(folder)
  let startCommand: string | undefined
  let app: Promise<RunningApp> | undefined
  const address = await openAddress(runApp)

  function save(file: string, text: string): void {
    const here = text.replace('port: 8000', 'port: 0').replaceAll(shownUrl, address.url)
    writeFileSync(join(project, file), here)
  }

  function read(file: string): string {
    const text = readFileSync(join(project, file), 'utf8')
    return text.replace('port: 0', 'port: 8000').replaceAll(address.url, shownUrl)
  }

  // `--watch` restarts it when a file is saved: this does, before anything is asked of it.
  async function stopApp(): Promise<void> {
    const before = app
    app = undefined
    await (await before)?.stop()
  }

  async function runApp(): Promise<string> {
    assert.ok(startCommand, 'The pages have not started the application yet.')
    app ??= startApp(project, startCommand)
    return (await app).url
  }

  async function answerOf(command: string): Promise<string> {
    if (command.startsWith('npm install '))
      return install(folder, project, command.split(' ').slice(2))
    if (command.includes('node --watch app.ts')) {
      startCommand = command.replace('--watch ', '')
      return (await runApp()).replace(/:\d+$/, ':8000')
    }
    const answer = await terminal.run(command.replaceAll(shownUrl, address.url))
    return answer.replaceAll(address.url, shownUrl)
  }

  async function type({ command, answer }: Command): Promise<void> {
    const given = await answerOf(command)
    if (answer !== '') assert.ok(isAsShown(given, answer), `${command}\n${given}\nnot\n${answer}`)
  }

  async function take(step: Step): Promise<void> {
    if (step.kind === 'type') for (const command of step.commands) await type(command)
    if (step.kind === 'compare') assert.equal(step.text, read(step.file))
    if (step.kind === 'save') save(step.file, step.text)
    if (step.kind === 'change') {
      save('app.ts', applyDiff(read('app.ts'), step.diff))
      await stopApp()
    }
  }

  return {
    url: address.url,
    async follow(steps) {
      for (const step of steps) await take(step)
    },
    async stop() {
      await terminal.close()
      await address.close()
      await stopApp()
    },
  }
}

/** Puts packages where npm would: ours as it is published, the others from here. */
async function install(folder: string, project: string, names: readonly string[]): Promise<string> {
  for (const name of names) {
    const target =
      name === 'portcullis' ? await builtPackage(folder) : join(root, 'node_modules', name)
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(target, link, 'junction')
  }
  return ''
}

async function builtPackage(folder: string): Promise<string> {
  const prepared = findPrepared('package')
  if (prepared !== undefined) return prepared
  const directory = join(folder, 'package')
  mkdirSync(directory)
  await buildPackage(directory)
  return directory
}
