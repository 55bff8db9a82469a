/** Microseconds of a clock that all processes of the machine share, and that is never set back. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
