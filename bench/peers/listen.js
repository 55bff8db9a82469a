// What every peer shares: where it listens, and what it is told.

/** The keys, the names, and the answer that all give. */
export const { SECRET_KEY, PUBLIC_KEY, ISSUER, AUDIENCE, PASSWORD, PASSWORD_HASH } = process.env

/** What every guarded route answers; a peer without users fills in what its token says. */
export const me = JSON.parse(process.env.ME)

/** The answer, from the claims of a token. */
export function answerFrom({ sub, roles, scope }) {
  return { ...me, id: sub, role: roles[0], scope }
}

/** The schema of the answer, for frameworks that serialize by one. */
export const meSchema = {
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(me).map(([name, value]) => [
      name,
      { type: typeof value === 'number' ? 'integer' : typeof value },
    ]),
  ),
}

/** Says where a server of Node.js's listens. */
export function announce(server) {
  console.log(`http://127.0.0.1:${server.address().port}`)
}

/** Listens on any free port and says so. */
export function listen(server) {
  server.listen(0, '127.0.0.1', () => announce(server))
}
