// The load of autocannon, where there is no wrk: reads what to send from the file that it is given, and
// prints what came back. It measures whole milliseconds.

import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'

const { url, method, path, headers, body, lines, connections, seconds } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
)
let next = 0
const fill = (text, line) => text.replace('{}', () => line)
const setupRequest = (request) => {
  const line = lines[next++ % lines.length]
  const filled = Object.entries(headers).map(([name, value]) => [name, fill(value, line)])
  return { ...request, headers: Object.fromEntries(filled), body: fill(body, line) || undefined }
}
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  requests: [{ method, path, headers, setupRequest }],
})
console.log(
  JSON.stringify({
    requests: result.requests.total,
    seconds: result.duration,
    failed: result.non2xx + result.errors,
    p50: result.latency.p50,
    p99: result.latency.p99,
  }),
)
