import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createTutorial, tutorials } from '../../test/compatibility/fastapi-tutorials.ts'

/** Where FastAPI's tests are, and what runs them. */
export interface Suite {
  /** FastAPI's source distribution. */
  readonly source: string
  /** An interpreter with FastAPI, and what its tests need. */
  readonly python: string
  /** For what is written on the way. */
  readonly folder: string
}

/** Whether each test passed, in every variant of its tutorial: `tutorial003 test_login`. */
export type Outcomes = Readonly<Record<string, boolean>>

/** Runs FastAPI's tests against our tutorials, with the option `compatibility` or without. */
export async function runTests(
  { source, python, folder }: Suite,
  isCompatible: boolean,
): Promise<Outcomes> {
  const apps = await Promise.all(
    Object.keys(tutorials).map(
      async (name) => [name, await createTutorial(name, { isCompatible })] as const,
    ),
  )
  try {
    const ports: Record<string, number> = {}
    for (const [name, app] of apps) {
      await app.listen({ port: 0, host: '127.0.0.1' })
      ports[name] = (app.server.address() as AddressInfo).port
    }
    const outcomes = join(folder, 'outcomes.json')
    // Its own configuration wants plugins that these tests do not use.
    const options = ['-q', '-c', '/dev/null', '--rootdir', source, '-p', 'no:cacheprovider']
    const tests = spawn(
      python,
      ['-m', 'pytest', ...options, '-p', 'shim', 'tests/test_tutorial/test_security'],
      {
        cwd: source,
        env: {
          ...process.env,
          PYTHONPATH: import.meta.dirname,
          PYTHONDONTWRITEBYTECODE: '1',
          PARITY_SERVERS: JSON.stringify(ports),
          PARITY_OUTCOMES: outcomes,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [output, [code]] = await Promise.all([tests.stdout.toArray(), once(tests, 'close')])
    // 1 says that tests failed, which is what we want to know.
    if (code !== 0 && code !== 1) throw new Error(`pytest ended with ${code}: ${output.join('')}`)
    return JSON.parse(readFileSync(outcomes, 'utf8'))
  } finally {
    await Promise.all(apps.map(([, app]) => app.close()))
  }
}
