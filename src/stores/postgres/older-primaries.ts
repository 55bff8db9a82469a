import { placeOf } from './connect.ts'
import { isWatched } from './primary.ts'
import { createTimelines } from './timelines.ts'
import type { PostgresTarget } from './url.ts'
import { createWatchedHost } from './watched-host.ts'

/**
 * The hosts that take themselves for the primary while another one is on a higher timeline. Null where the hosts are
 * not watched.
 */
export async function findOlderPrimaries(
  target: PostgresTarget,
): Promise<readonly string[] | null> {
  if (!isWatched(target)) return null
  const asked = target.hosts.map(async (host) => {
    // Each by itself: a host that is older than another is not refused here.
    const watched = createWatchedHost(host, target, createTimelines())
    const timeline = await watched.ask().catch(() => 0)
    await watched.end()
    return { host, timeline }
  })
  const answers = await Promise.all(asked)
  const newest = Math.max(...answers.map(({ timeline }) => timeline))
  return answers
    .filter(({ timeline }) => timeline > 0 && timeline < newest)
    .map(({ host }) => placeOf(host))
}
