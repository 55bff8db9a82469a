import { aMoment, type Fault, on } from './fault.ts'

/** Faults of signing keys. */
export const signingKeys: Readonly<Record<string, Fault>> = {
  'signingKeys.change changes from any version': on('signingKeys', (port) => ({
    change: async (_from, ...rest) => await port.change(await port.version(), ...rest),
  })),
  'signingKeys.change looks, and changes a moment later': on('signingKeys', (port) => ({
    async change(from, ...rest) {
      if ((await port.version()) !== from) return false
      await aMoment()
      return await port.change(await port.version(), ...rest)
    },
  })),
  'signingKeys.change removes nothing': on('signingKeys', ({ change }) => ({
    change: (from, { put }, events) => change(from, { put, remove: [] }, events),
  })),
  'signingKeys.change puts one': on('signingKeys', ({ change }) => ({
    change: (from, { put, remove }, events) =>
      change(from, { put: put.slice(0, 1), remove }, events),
  })),
  'signingKeys.change stores the first event alone': on('signingKeys', ({ change }) => ({
    change: (from, to, events) => change(from, to, events?.slice(0, 1)),
  })),
  'signingKeys.read gives an old version': on('signingKeys', ({ read }) => ({
    read: async () => ({ ...(await read()), version: (await read()).version - 1 }),
  })),
}
