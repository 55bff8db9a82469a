import { type Drill, seconds } from '../hold.ts'

/** Somebody locks a table, such as for a change of its columns. */
export const lock: Drill = {
  title: 'users locked for 3 s, four times',
  ways: ['hosts'],
  async fault({ cluster }) {
    const primary = await cluster.primary()
    for (let time = 0; time < 4; time++) {
      await primary.ask('begin; lock users; select pg_sleep(3); commit', 'drills')
      await seconds(3)
    }
    return []
  },
}
