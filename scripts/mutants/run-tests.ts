import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Outcome = 'passed' | 'failed' | 'timeout'

/** Runs test files in a tree, in one process group that ends with them, and that no hanging test outlives. */
export async function runTests(
  paths: readonly string[],
  root: string,
  /** Milliseconds. */
  limit: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...paths], {
    cwd: root,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...environment },
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    endGroup(child.pid)
  }, limit)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  // What the tests started and left.
  endGroup(child.pid)
  return isLate ? 'timeout' : code === 0 ? 'passed' : 'failed'
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
