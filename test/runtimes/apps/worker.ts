import { createHandler } from './guarded.ts'

// As most workers do, before there is a request.
const handle = createHandler(process.env.ISSUER ?? '')

// biome-ignore lint/style/noDefaultExport: a worker is one.
export default { fetch: (request: Request): Promise<Response> => handle(request) }
