// Authenticators of Chromium that need no device and no person (WebAuthn domain of its DevTools).

import type { CDPSession, Page } from 'playwright-core'

/** What Chromium can be told about one. */
export interface AuthenticatorKind {
  readonly transport: 'internal' | 'usb'
  /** Whether it keeps passkeys itself. */
  readonly hasResidentKey: boolean
  /** Whether it can verify its user, and does. */
  readonly hasUserVerification: boolean
  readonly isUserVerified: boolean
  /** Whether its passkeys are on several devices. */
  readonly isSynced?: boolean
}

/** Of a phone or a laptop, which keeps its passkeys to itself. */
export const device: AuthenticatorKind = {
  ...{ transport: 'internal', hasResidentKey: true },
  ...{ hasUserVerification: true, isUserVerified: true },
}
/** Of a password manager. */
export const synced: AuthenticatorKind = { ...device, isSynced: true }
/** A key that asks for a touch alone. */
export const securityKey: AuthenticatorKind = {
  ...{ transport: 'usb', hasResidentKey: false },
  ...{ hasUserVerification: false, isUserVerified: false },
}
/** Of a device whose user does not pass. */
export const unverified: AuthenticatorKind = { ...device, isUserVerified: false }

export interface VirtualAuthenticator {
  /** How many passkeys it holds. */
  count(): Promise<number>
  /** Whether the person at the device answers: false leaves each question open. */
  answers(presence: boolean): Promise<void>
  remove(): Promise<void>
}

/** Gives the browser of a page an authenticator. It is the page's until it is closed. */
export async function addAuthenticator(
  page: Page,
  { isSynced = false, ...kind }: AuthenticatorKind,
): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', ctap2Version: 'ctap2_1', automaticPresenceSimulation: true, ...kind },
      ...{ defaultBackupEligibility: isSynced, defaultBackupState: isSynced },
    },
  })
  return {
    async count() {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.length
    },
    async answers(enabled) {
      await session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    async remove() {
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    },
  }
}
