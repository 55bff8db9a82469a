// No framework and no guard: what Node.js itself can do.

import { createServer } from 'node:http'
import { listen, me } from './listen.js'

listen(
  createServer((request, response) => {
    if (request.url !== '/me') {
      response.writeHead(404).end()
      return
    }
    const body = JSON.stringify(me)
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  }),
)
