// Serves the single page: three files, and nothing is done here.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { pagePort, pageUrl, serverUrl } from './urls.ts'

const read = (path: string, base: string = import.meta.url): string =>
  readFileSync(new URL(path, base), 'utf8')

const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/': ['text/html', read('page.html').replace('ISSUER', serverUrl)],
  '/page.js': ['text/javascript', read('page.js')],
  '/oidc-client-ts.js': [
    'text/javascript',
    read('../browser/oidc-client-ts.min.js', import.meta.resolve('oidc-client-ts')),
  ],
}

const server = createServer(({ url = '' }, response) => {
  const [type, text] = files[url.split('?', 1)[0] ?? ''] ?? []
  if (text === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text)
})
server.listen(pagePort, 'localhost', () => console.log(pageUrl))
