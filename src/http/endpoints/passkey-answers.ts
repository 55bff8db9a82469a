import type { PasskeyChallenge } from '../../core/factors/passkeys/passkey-calls.ts'
import { enrolledMembers, FactorAnswer } from './factor-answers.ts'
import { type Member, required, requiredObject } from './json-members.ts'

/** A challenge as a JSON Schema. */
export const PasskeyChallengeAnswer = {
  title: 'PasskeyChallenge',
  type: 'object',
  required: ['challenge_id', 'public_key'],
  properties: {
    challenge_id: { type: 'string', description: 'To be sent back with the credential, once' },
    public_key: {
      type: 'object',
      additionalProperties: true,
      description:
        'For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` (Web Authentication §5.1)',
    },
  },
} as const

/** A challenge as the wire shows one. */
export function challengeAnswer({ challengeId, publicKey }: PasskeyChallenge<object>): object {
  return { challenge_id: challengeId, public_key: publicKey }
}

/** What a browser answers to a challenge. */
export const passkeyMembers: {
  readonly challenge_id: Member & { readonly required: true }
  readonly credential: ReturnType<typeof requiredObject>
} = {
  challenge_id: required({ description: 'Of the challenge' }),
  credential: requiredObject({
    type: 'object',
    additionalProperties: true,
    description: 'What the browser returned, by `credential.toJSON()`',
  }),
}

/** A passkey that was added. */
export const AddedPasskey: object = {
  title: 'AddedPasskey',
  type: 'object',
  required: FactorAnswer.required,
  properties: {
    ...FactorAnswer.properties,
    ...enrolledMembers,
  },
}
