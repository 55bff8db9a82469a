// How a store comes to have a fault.

import type { Store } from '../../../src/core/store.ts'

/** The store with its fault. The one that is given stays whole. */
export type Fault = (store: Store) => Store

/** The ports that a store may leave out, too: the one that is given has them. */
type Ports = Required<Store>

export type OneTimeTokens = Ports['oneTimeTokens']
export type Outbox = Ports['outbox']
export type AuthorizationCodes = Ports['authorizationCodes']
export type Consents = Ports['consents']
export type ApiKeys = Ports['apiKeys']

export type Factors = Ports['factors']

type PortName =
  | ('users' | 'sessions' | 'identities' | 'signingKeys' | 'throttle' | 'clients' | 'events')
  | ('oneTimeTokens' | 'outbox' | 'authorizationCodes' | 'consents' | 'logoutNotices' | 'factors')
  | 'apiKeys'

/** Replaces some of what a port does. */
export function on<Port extends PortName>(
  port: Port,
  damage: (port: Ports[Port], store: Store) => Partial<Ports[Port]>,
): Fault {
  return (store) => {
    const whole = (store as Ports)[port]
    return { ...store, [port]: { ...whole, ...damage(whole, store) } }
  }
}

type Method = (...args: readonly unknown[]) => Promise<unknown>

/** In which all that began at the same time come as far. */
export const aMoment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Replaces a method, named `port.method`. */
export function replace(name: string, damage: (method: Method, store: Store) => Method): Fault {
  const [port = '', method = ''] = name.split('.')
  return (store) => {
    const whole = store[port as keyof Store] as unknown as Readonly<Record<string, Method>>
    return { ...store, [port]: { ...whole, [method]: damage(whole[method] as Method, store) } }
  }
}
