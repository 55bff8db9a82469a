import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { mock, test } from 'node:test'
import { OverloadedError, UnavailableError } from '../../../src/core/errors.ts'
import {
  createHashPool,
  type HashPool,
  hashConcurrency,
} from '../../../src/core/passwords/hash-pool.ts'

interface Jobs {
  /** Asks the pool for a job that runs until `end` is called with its name. */
  start(name: string, source?: string): Promise<string>
  /** Ends a running job, and returns when whatever follows from it has happened. */
  end(name: string, error?: Error): Promise<void>
  /** The jobs that were begun, in order. */
  readonly begun: readonly string[]
}

function createJobs(pool: HashPool): Jobs {
  const begun: string[] = []
  const running = new Map<string, PromiseWithResolvers<string>>()
  return {
    begun,
    start(name, source) {
      const result = pool.run(() => {
        begun.push(name)
        const job = Promise.withResolvers<string>()
        running.set(name, job)
        return job.promise
      }, source)
      // A refusal is looked at later.
      result.catch(() => {})
      return result
    },
    async end(name, error) {
      const job = running.get(name)
      assert.ok(job, `${name} has not begun`)
      if (error) job.reject(error)
      else job.resolve(name)
      await settle()
    },
  }
}

/** One job at once, none that waits longer than 2 seconds, and a job that takes so many milliseconds. */
function createTimedPool() {
  let time = 0
  const pool = createHashPool({ concurrency: 1, maxWait: 2 }, () => time)
  const jobs = createJobs(pool)
  async function take(name: string, milliseconds: number): Promise<void> {
    jobs.start(name)
    await settle()
    time += milliseconds
    await jobs.end(name)
  }
  return { pool, jobs, take }
}

/** Waits until every promise that can be settled now is. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('no more jobs run at once than may (PW-13)', async () => {
  const pool = createHashPool({ concurrency: 2 })
  const jobs = createJobs(pool)
  const results = ['a', 'b', 'c', 'd', 'e'].map((name) => jobs.start(name))
  await settle()
  assert.deepEqual(jobs.begun, ['a', 'b'])
  assert.deepEqual(pool.load, { running: 2, waiting: 3 })
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    assert.ok(pool.load.running <= 2)
    await jobs.end(name)
  }
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(pool.load, { running: 0, waiting: 0 })
})

test('jobs begin in the order they came, whichever place becomes free', async () => {
  const jobs = createJobs(createHashPool({ concurrency: 2 }))
  for (const name of ['a', 'b', 'c', 'd', 'e']) jobs.start(name)
  await settle()
  await jobs.end('b')
  await jobs.end('c')
  await jobs.end('a')
  assert.deepEqual(jobs.begun, ['a', 'b', 'c', 'd', 'e'])
})

test('a job that finds the queue full is refused, and the others are not disturbed (PW-13, DR-01)', async () => {
  const pool = createHashPool({ concurrency: 1, maxWaiting: 2, maxWait: 7 })
  const jobs = createJobs(pool)
  const kept = ['a', 'b', 'c'].map((name) => jobs.start(name))
  await assert.rejects(
    jobs.start('d'),
    (error) => error instanceof UnavailableError && error.retryAfter === 7,
  )
  assert.deepEqual(pool.load, { running: 1, waiting: 2 })
  for (const name of ['a', 'b', 'c']) await jobs.end(name)
  assert.deepEqual(await Promise.all(kept), ['a', 'b', 'c'])
  assert.deepEqual(jobs.begun, ['a', 'b', 'c'])
})

test('without a limit given, 256 jobs wait for each that may run (PW-13)', async () => {
  const pool = createHashPool({ concurrency: 2 })
  const jobs = createJobs(pool)
  for (let index = 0; index < 2 + 512; index++) jobs.start(String(index))
  assert.deepEqual(pool.load, { running: 2, waiting: 512 })
  await assert.rejects(jobs.start('one too many'), UnavailableError)
})

test('a job whose turn would come too late is refused at once, by what jobs took before (PW-13)', async () => {
  const { pool, jobs, take } = createTimedPool()
  await take('measured', 500)
  const inTime = ['a', 'b', 'c', 'd', 'e'].map((name) => jobs.start(name, 'busy'))
  await settle()
  assert.deepEqual(pool.load, { running: 1, waiting: 4 })
  await assert.rejects(jobs.start('f', 'busy'), OverloadedError)
  // Turns go round, so the next but one is of the source that has waited for none.
  const other = jobs.start('other', 'quiet')
  for (const name of ['a', 'b', 'other', 'c', 'd', 'e']) await jobs.end(name)
  assert.deepEqual(jobs.begun, ['measured', 'a', 'b', 'other', 'c', 'd', 'e'])
  assert.deepEqual(await Promise.all(inTime), ['a', 'b', 'c', 'd', 'e'])
  assert.equal(await other, 'other')
  assert.equal(pool.history.refused, 1)
})

test('one job that stood still does not keep the next ones out (PW-13)', async () => {
  const { pool, jobs, take } = createTimedPool()
  await take('usual', 100)
  await take('still', 3_600_000)
  for (const name of ['a', 'b', 'c', 'd', 'e']) jobs.start(name)
  await settle()
  assert.deepEqual(pool.load, { running: 1, waiting: 4 })
})

test('a job that waited too long is refused at that moment, and runs no more (PW-13)', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const pool = createHashPool({ concurrency: 1, maxWait: 2 })
    const jobs = createJobs(pool)
    jobs.start('a')
    const late = [jobs.start('late', 'one'), jobs.start('late too', 'other')]
    await settle()
    mock.timers.tick(1)
    const inTime = jobs.start('in time', 'one')
    await settle()
    mock.timers.tick(1999)
    // The job before them runs still.
    for (const each of late) await assert.rejects(each, UnavailableError)
    assert.deepEqual(pool.load, { running: 1, waiting: 1 })
    await jobs.end('a')
    assert.deepEqual(jobs.begun, ['a', 'in time'])
    mock.timers.tick(10_000)
    await jobs.end('in time')
    assert.equal(await inTime, 'in time')
    assert.deepEqual(pool.load, { running: 0, waiting: 0 })
    assert.equal(pool.history.refused, 2)
  } finally {
    mock.timers.reset()
  }
})

test('a place is free only when the job itself has ended, even if its caller has given up (PW-14)', async () => {
  const pool = createHashPool({ concurrency: 1 })
  const jobs = createJobs(pool)
  // Nobody waits for the first any more.
  await Promise.race([jobs.start('abandoned'), Promise.resolve()])
  const next = jobs.start('next')
  await settle()
  assert.deepEqual(jobs.begun, ['abandoned'])
  await jobs.end('abandoned')
  assert.deepEqual(jobs.begun, ['abandoned', 'next'])
  await jobs.end('next')
  assert.equal(await next, 'next')
})

test('a job that fails, at once or later, frees its place', async () => {
  const pool = createHashPool({ concurrency: 1 })
  const jobs = createJobs(pool)
  const failing = jobs.start('failing')
  const next = jobs.start('next')
  await settle()
  const broken = new Error('broken')
  await jobs.end('failing', broken)
  await assert.rejects(failing, broken)
  await jobs.end('next')
  assert.equal(await next, 'next')

  const throwing = pool.run(() => {
    throw broken
  })
  await assert.rejects(throwing, broken)
  assert.deepEqual(pool.load, { running: 0, waiting: 0 })
  assert.equal(await pool.run(async () => 'still serves'), 'still serves')
})

test('turns go round the sources that wait (PW-13)', async () => {
  const pool = createHashPool({ concurrency: 1, maxWaiting: 16 })
  const jobs = createJobs(pool)
  jobs.start('running')
  const names = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']
  for (const name of names) jobs.start(name, name[0])
  await settle()
  for (const name of ['running', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']) await jobs.end(name)
  assert.deepEqual(jobs.begun, ['running', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
  assert.deepEqual(pool.load, { running: 0, waiting: 0 })
})

test('one source fills a quarter of the queue and no more (PW-13)', async () => {
  const pool = createHashPool({ concurrency: 1, maxWaiting: 16 })
  const jobs = createJobs(pool)
  jobs.start('running')
  for (let index = 0; index < 4; index++) jobs.start(`a${index}`, 'a')
  await settle()
  assert.throws(() => pool.checkCapacity('a'), UnavailableError)
  await assert.rejects(jobs.start('a4', 'a'), UnavailableError)
  pool.checkCapacity('b')
  for (let index = 0; index < 12; index++) jobs.start(`own${index}`)
  await settle()
  assert.equal(pool.load.waiting, 16)
  assert.throws(() => pool.checkCapacity('b'), UnavailableError)
  await jobs.end('running')
  pool.checkCapacity('b')
})

test('as many hashes run at once as there are cores, and fewer than threads for them (PW-15)', () => {
  const cores = availableParallelism()
  for (const threads of [1, 2, 4, 8, 1024]) {
    const concurrency = hashConcurrency({ threads })
    assert.ok(concurrency <= cores)
    assert.ok(concurrency < threads || concurrency === 1)
    assert.ok(concurrency === cores || concurrency === Math.max(1, threads - 1))
  }
  assert.equal(hashConcurrency(), Math.min(cores, 3))
  // Those who share the cores do not run more hashes than there are.
  assert.equal(hashConcurrency({ threads: 1024, processes: cores }), 1)
  assert.equal(hashConcurrency({ threads: 1024, processes: 2 }), Math.max(1, Math.floor(cores / 2)))
})

test('a pool that could run nothing is refused at once', () => {
  for (const options of [
    undefined,
    {},
    { concurrency: 0 },
    { concurrency: -1 },
    { concurrency: 1.5 },
    { concurrency: 'x' },
    { concurrency: 1, maxWaiting: -1 },
    { concurrency: 1, maxWait: 0 },
    { concurrency: 1, maxWating: 5 },
  ]) {
    assert.throws(() => createHashPool(options as never), { code: 'config_invalid' })
  }
})
