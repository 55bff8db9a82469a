// Requests from a process of their own: wrk where it is installed, else autocannon.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Place, runCommand } from './processes.ts'

export interface Requests {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** What takes the place of `{}` in headers and body, a line for each request, in turn. */
  readonly lines?: readonly string[]
  /** True if each line is good for one request: then there must be enough of them. */
  readonly once?: boolean
}

export interface LoadOptions {
  readonly seconds: number
  readonly connections?: number
  readonly where?: Place
}

export interface Sample {
  /** Requests a second. */
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

const [wrkVersion] =
  /^wrk \S+/.exec(spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout ?? '') ?? []

/** What makes the load. */
export const loadTool: string = wrkVersion ?? 'autocannon'

/** Sends requests over so many connections at once, each after the answer to the one before. */
export async function load(
  url: string,
  requests: Requests,
  { seconds, connections = 32, where = 'load' }: LoadOptions,
): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-load-'))
  try {
    const command = wrkVersion
      ? wrk(directory, url, requests, seconds, connections)
      : autocannon(directory, url, requests, seconds, connections)
    const printed = await runCommand(command, where)
    // What was under way when it ended is worked off, or the next one would have to share the cores.
    await (await fetch(url + requests.path)).arrayBuffer()
    const result = JSON.parse(printed.trim().split('\n').at(-1) ?? '')
    if (result.failed > 0) {
      throw new Error(`${result.failed} of ${result.requests} requests to ${requests.path} failed.`)
    }
    if (requests.once && result.requests > (requests.lines?.length ?? 0)) {
      throw new Error(`${result.requests} requests are more than there were lines for.`)
    }
    return { rate: result.requests / result.seconds, p50: result.p50, p99: result.p99 }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function autocannon(
  directory: string,
  url: string,
  { method = 'GET', path, headers = {}, body = '', lines = [''] }: Requests,
  seconds: number,
  connections: number,
): readonly string[] {
  const file = join(directory, 'load.json')
  const given = { url, method, path, headers, body, lines, connections, seconds }
  writeFileSync(file, JSON.stringify(given))
  return [process.execPath, fileURLToPath(new URL('../peers/load.js', import.meta.url)), file]
}

function wrk(
  directory: string,
  url: string,
  { method = 'GET', path, headers = {}, body = '', lines = [''] }: Requests,
  seconds: number,
  connections: number,
): readonly string[] {
  const linesFile = join(directory, 'lines')
  writeFileSync(linesFile, `${lines.join('\n')}\n`)
  const script = join(directory, 'load.lua')
  const table = Object.entries(headers).map(
    ([name, value]) => `[${quote(name)}]=fill(${quote(value)}, line)`,
  )
  writeFileSync(
    script,
    `
local requests, next = {}, 0
local function fill(text, line)
  return (text:gsub("{}", function() return line end))
end
function init()
  for line in io.lines(${quote(linesFile)}) do
    local headers = { ["Host"]=wrk.headers["Host"], ${table.join(', ')} }
    requests[#requests + 1] =
      wrk.format(${quote(method)}, ${quote(path)}, headers, ${body === '' ? 'nil' : `fill(${quote(body)}, line)`})
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests":%d,"seconds":%f,"failed":%d,"p50":%f,"p99":%f}',
    summary.requests, summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
`,
  )
  return ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', script, url]
}

/** A text as Lua's, whose escapes of those that are in use are JSON's. */
function quote(text: string): string {
  return JSON.stringify(text)
}
