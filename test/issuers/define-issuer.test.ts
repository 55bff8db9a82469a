import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'

const issuer = 'https://login.example.com'
const good = { issuer, audience: 'api' }

/** What is said against these options, without the name of the profile. */
function problemsOf(options: object): readonly string[] {
  try {
    rfc9068({ ...good, ...options })
    return []
  } catch (error) {
    const { code, problems } = error as { code: string; problems: readonly string[] }
    assert.equal(code, 'config_invalid')
    return problems.map((problem) => problem.replace(/^[^:]*: /, ''))
  }
}

const time = (name: string) => `${name} must be a whole number of seconds from 1 to 2592000.`
const noRoles = 'roles must map names of the provider to roles of this application.'
const noClient = 'the clientId must not be empty.'
const algorithms =
  'the algorithms must be of: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519.'

const rows: readonly (readonly [object, readonly string[]])[] = [
  [{}, []],
  [{ users: 'token' }, []],
  [{ users: 'create' }, []],
  [{ users: 'link', link: () => null }, []],
  [{ users: 'all' }, ['users must be one of: token, link, create.']],
  [{ users: 'create', link: () => null }, ["link needs users: 'link'."]],
  [{ audience: ['api', 'other'] }, []],
  [{ audience: undefined }, ['the audience is missing.']],
  [{ audience: [] }, ['the audience is missing.']],
  [{ audience: '' }, ['the audience is missing.']],
  [{ audience: ['api', ''] }, ['the audience is missing.']],
  [{ issuer: '' }, ['the issuer is missing.']],
  [{ issuer: `${issuer}/a|b` }, [`the issuer ${issuer}/a|b must have no query, bar or space.`]],
  [{ roles: { staff: 'editor' } }, []],
  [{ roles: ['editor'] }, ['The option roles of rfc9068 must be an object.']],
  [{ roles: { staff: 5 } }, [noRoles]],
  [{ clientId: ['a', 'b'] }, []],
  [{ clientId: '' }, [noClient]],
  [{ clientId: ['a', ''] }, [noClient]],
  [{ clientId: ['a', 5] }, ['The option clientId of rfc9068 must be a text, or a list of texts.']],
  [{ algorithms: ['ES256'] }, []],
  [{ algorithms: [] }, [algorithms]],
  [{ algorithms: ['HS256'] }, [algorithms]],
  [{ algorithms: ['ES256', 'none'] }, [algorithms]],
  [{ jwksUri: `${issuer}/keys` }, []],
  [{ jwksUri: 'http://login.example.com/keys' }, ['the jwksUri must be https.']],
  [{ refreshAfter: 1, cooldown: 30 * 86400 }, []],
  [{ refreshAfter: 0 }, [time('refreshAfter')]],
  [{ cooldown: 30 * 86400 + 1 }, [time('cooldown')]],
  [{ maxStale: 1.5, fetchTimeout: Number.NaN }, [time('maxStale'), time('fetchTimeout')]],
]
for (const [options, problems] of rows) {
  const title = JSON.stringify(options, (_, value) => value ?? null)
  test(`an issuer with ${title} ${problems.length > 0 ? 'is refused' : 'is made'}`, () => {
    assert.deepEqual(problemsOf(options), problems)
  })
}
