// Pages beside a server of Portcullis, whose URL is API_URL. TRUST_PROXY: the address of a proxy in front.

import { buildPages } from './pages.ts'

const { API_URL = 'http://localhost:8000', PORT = '8001', TRUST_PROXY = '' } = process.env
const pages = buildPages(API_URL, { https: false, trustProxy: TRUST_PROXY })
console.log(await pages.listen({ port: Number(PORT) }))
