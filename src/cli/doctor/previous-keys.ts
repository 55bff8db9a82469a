import { isSealedUnder } from '../../core/keys/managed-keys.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'
import { sealingKeysOf } from './sealing-keys.ts'

const { ok, warning } = findingsOf('previous-keys')

/** Whether anything still needs a previous key. */
export function checkPreviousKeys({ config, inspection, now }: Subject): readonly Finding[] {
  const contents = inspection?.contents
  const keys = sealingKeysOf(config)
  if (keys === null || keys.previousSecrets.length === 0 || contents?.sealed == null) return []
  const { factors, oneTimeTokens, neededUntil } = contents.sealed
  const signing =
    config.secretKey === undefined
      ? contents.keys.filter((key) => keys.previousSecrets.some((each) => isSealedUnder(key, each)))
      : []
  const under = [
    `signing keys ${signing.length}`,
    `second factors ${factors.previous}`,
    `one-time tokens ${oneTimeTokens.previous}`,
  ].join(', ')
  if (signing.length + factors.previous + oneTimeTokens.previous > 0) {
    return [
      warning(
        `Rows that are still sealed under a previous key: ${under}.`,
        'Run `portcullis key reseal`, or wait: a server does it within an hour.',
      ),
    ]
  }
  const rows = 'No row is sealed under a previous key any more'
  if (neededUntil === null) {
    return [
      ok(
        `${rows}. It is not known until when tokens need it.`,
        'Run `portcullis key reseal`, which says it, unless the previous key is one that is to come.',
      ),
    ]
  }
  const until = new Date(neededUntil * 1000).toISOString().replace('.000Z', 'Z')
  if (now < neededUntil) return [ok(`${rows}, but tokens may need one until ${until}.`)]
  return [
    ok(
      `${rows}, and no token has needed one since ${until}.`,
      'Remove SECRET_KEY_PREVIOUS and KEY_ENCRYPTION_KEY_PREVIOUS, or the file beside the key file; keep a copy as long as you keep backups from its time.',
    ),
  ]
}
