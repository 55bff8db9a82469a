import { acceptInvitationEndpoint } from './accept-invitation.ts'
import { completePasswordResetEndpoint } from './complete-password-reset.ts'
import { completeRegistrationEndpoint } from './complete-registration.ts'
import type { JsonEndpoint } from './json-endpoint.ts'
import { passkeyChallengeEndpoint } from './passkey-challenge.ts'
import { passwordResetEndpoint } from './password-reset.ts'
import { registerEndpoint } from './register.ts'
import { restoreEmailEndpoint } from './restore-email.ts'
import { stepUpEndpoint } from './step-up.ts'

/** Every endpoint that takes JSON, by path. Each exists only where it is switched on. */
export const accountEndpoints: readonly JsonEndpoint[] = [
  registerEndpoint,
  completeRegistrationEndpoint,
  acceptInvitationEndpoint,
  passwordResetEndpoint,
  completePasswordResetEndpoint,
  restoreEmailEndpoint,
  stepUpEndpoint,
  passkeyChallengeEndpoint,
]
