import { type Drill, seconds } from '../hold.ts'

/** The network swallows every packet between the servers and the primary, and comes back for new connections. */
export const network: Drill = {
  title: 'network between servers and primary lost for 10 s',
  ways: ['network'],
  async fault({ way }) {
    await way.network?.switchTo('swallow')
    await seconds(10)
    await way.network?.switchTo('pass')
    return []
  },
}
