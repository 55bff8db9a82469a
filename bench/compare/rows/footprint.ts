import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compileCommand } from '../../compiled.ts'
import { peer } from '../contestants.ts'
import { createFixture } from '../fixture.ts'
import { bytesOf, type Closure, closureOf } from '../packages.ts'
import { type Command, startServer } from '../processes.ts'
import { median } from '../statistics.ts'
import { type Row, withCleanup } from './row.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const peers = `${root}bench/peers/`

/** What it takes to have it there: time, memory, packages. */
export const footprint: Row = {
  title: 'start, memory, packages',
  measure: ({ rounds }) =>
    withCleanup(async (onEnd) => {
      const program = compileCommand()
      const fixture = await createFixture({ users: 1 })
      onEnd(fixture.remove)
      const subjects: Readonly<Record<string, readonly [Command, Closure]>> = {
        Portcullis: [
          {
            command: [process.execPath, program, 'serve'],
            environment: fixture.environment,
          },
          ownClosure(),
        ],
        'Better Auth': [peer('better-auth'), closureOf(peers, ['better-auth'])],
        NestJS: [
          peer('nest'),
          closureOf(peers, [
            '@nestjs/common',
            '@nestjs/core',
            '@nestjs/jwt',
            '@nestjs/platform-fastify',
            'reflect-metadata',
            'rxjs',
          ]),
        ],
      }
      const starts = Object.entries(subjects).map(([name, [command, closure]]) => ({
        name,
        command,
        closure,
        started: [] as Started[],
      }))
      for (let round = 0; round < rounds; round++) {
        for (const { command, started } of starts) started.push(await startOnce(command))
      }
      const figures = starts.map(({ name, closure: { packages, bytes }, started }) => [
        name,
        {
          startMilliseconds: Math.round(median(started.map(({ milliseconds }) => milliseconds))),
          idleMebibytes: Math.round(median(started.map(({ mebibytes }) => mebibytes))),
          packages,
          installedMebibytes: Math.round(bytes / 2 ** 20),
        },
      ])
      return { figures: Object.fromEntries(figures) }
    }),
}

/** Our own package with what it depends on and the framework that it is used with. */
function ownClosure(): Closure {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const { packages, bytes } = closureOf(root, [...Object.keys(dependencies), 'fastify'])
  return { packages: packages + 1, bytes: bytes + bytesOf(`${root}dist`) + bytesOf(`${root}docs`) }
}

interface Started {
  readonly milliseconds: number
  readonly mebibytes: number
}

/** Starts a server, asks it once, and looks at it when it has been idle for a second. */
async function startOnce(command: Command): Promise<Started> {
  const began = performance.now()
  const { url, child, stop } = await startServer(command, 'anywhere')
  try {
    await (await fetch(`${url}/me`)).arrayBuffer()
    const milliseconds = performance.now() - began
    await setTimeout(1000)
    // In pages of 4 KiB, on Linux alone.
    const [, pages] = readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')
    return { milliseconds, mebibytes: Number(pages) / 256 }
  } finally {
    await stop()
  }
}
