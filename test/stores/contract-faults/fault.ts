// How a store comes to have a fault.

import type { Store } from '../../../src/core/store.ts'

/** The store with its fault. The one that is given stays whole. */
export type Fault = (store: Store) => Store

/** Replaces some of what a port does. */
export function on<
  Port extends
    | 'users'
    | 'sessions'
    | 'identities'
    | 'signingKeys'
    | 'throttle'
    | 'clients'
    | 'events',
>(port: Port, damage: (port: Store[Port], store: Store) => Partial<Store[Port]>): Fault {
  return (store) => ({ ...store, [port]: { ...store[port], ...damage(store[port], store) } })
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
