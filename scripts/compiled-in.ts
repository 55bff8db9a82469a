/**
 * Packages that become part of our files (see build.ts) and so are development dependencies. Each is
 * many small modules of mere computation. What has to do with keys, passwords or parsing what strangers
 * send stays outside, so that its mended version reaches those who use us without a release of ours.
 */
export const compiledIn: readonly string[] = ['kysely', 'uqr', 'uuid']
