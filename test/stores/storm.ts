// Many devices that log in, refresh and log out at a real server, until it fails; and a ledger of what
// each was told, kept on this side of the wire.

import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'

/** One login, as the device knows it. */
export interface Device {
  /** The session's id, from the first access token. */
  readonly session: string
  /** The refresh tokens that it was given, oldest first: the newest is of generation `length - 1`. */
  readonly tokens: string[]
  accessToken: string
  /** True once the server has said that the session is ended. */
  ended: boolean
  /** What it asked for and got no answer to. One request at a time, so one at most. */
  unanswered: 'refresh' | 'revoke' | null
}

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, string>>
}

/** Sends a request; null if there was no answer, or one that says "not now". */
export async function send(
  url: string,
  {
    form,
    token,
    address,
  }: { form?: Readonly<Record<string, string>>; token?: string; address?: string },
): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(address && { 'x-forwarded-for': address }),
      },
    })
    const text = await response.text()
    if (response.status === 503) return null
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
  } catch (error) {
    // fetch says so when the connection broke, at whatever point; JSON.parse never throws this.
    if (error instanceof TypeError) return null
    throw error
  }
}

export interface Credentials {
  readonly username: string
  readonly password: string
  /** Where the logins come from, as a proxy on this machine says. */
  readonly address: string
}

/** Logs in; null if there was no answer. */
export async function logIn(
  url: string,
  { username, password, address }: Credentials,
): Promise<Device | null> {
  const answer = await send(`${url}/auth/token`, { form: { username, password }, address })
  if (answer === null) return null
  const { access_token: accessToken = '', refresh_token: refreshToken = '' } = answer.body
  assert.equal(answer.status, 200, `a login was refused: ${JSON.stringify(answer.body)}`)
  const session = String(decodeJwt(accessToken).sid)
  return { session, tokens: [refreshToken], accessToken, ended: false, unanswered: null }
}

/** Exchanges the newest refresh token of a device; false if there was no answer. */
export async function refresh(url: string, device: Device): Promise<boolean> {
  device.unanswered = 'refresh'
  const form = { grant_type: 'refresh_token', refresh_token: device.tokens.at(-1) ?? '' }
  const answer = await send(`${url}/auth/token`, { form })
  if (answer === null) return false
  const { access_token: accessToken = '', refresh_token: refreshToken = '' } = answer.body
  assert.equal(answer.status, 200, `a live session was refused: ${JSON.stringify(answer.body)}`)
  device.tokens.push(refreshToken)
  device.accessToken = accessToken
  device.unanswered = null
  return true
}

async function logOut(url: string, device: Device): Promise<boolean> {
  device.unanswered = 'revoke'
  const answer = await send(`${url}/auth/revoke`, { form: { token: device.tokens.at(-1) ?? '' } })
  if (answer === null) return false
  assert.equal(answer.status, 200)
  device.ended = true
  device.unanswered = null
  return true
}

export interface Storm {
  /** Devices that were at work, those that came new among them. */
  readonly devices: readonly Device[]
  /** Logins that were not answered: each may have opened a session that nobody knows the token of. */
  readonly unansweredLogins: number
  /** Requests that were answered. */
  readonly answered: number
}

/**
 * Lets devices refresh, and others come, refresh and log out, all at once, until the server fails;
 * resolves when every one of them was left without an answer.
 *
 * @param strike Called once, when so many requests were answered, to make the server fail.
 */
export async function rage(
  url: string,
  credentials: Credentials,
  devices: readonly Device[],
  { after, strike }: { after: number; strike: () => void },
): Promise<Storm> {
  const atWork = new Set(devices)
  let answered = 0
  let unansweredLogins = 0
  const count = (): void => {
    if (++answered === after) strike()
  }

  async function refreshOn(device: Device): Promise<void> {
    while (await refresh(url, device)) count()
  }
  async function comeAndGo(staysAfter: number): Promise<void> {
    for (let visit = 1; ; visit++) {
      const device = await logIn(url, credentials)
      if (device === null) break
      atWork.add(device)
      count()
      // One in so many stays logged in.
      const steps = [refresh, refresh, ...(visit % staysAfter === 0 ? [] : [logOut])]
      for (const step of steps) {
        if (!(await step(url, device))) return
        count()
      }
    }
    unansweredLogins++
  }

  await Promise.all([...devices.map(refreshOn), comeAndGo(2), comeAndGo(3), comeAndGo(5)])
  return { devices: [...atWork], unansweredLogins, answered }
}
