// The contract of a store, for the test runner of the runtime.

import { storeContract } from 'portcullis/stores/contract'
import { postgres } from 'portcullis/stores/postgres'
import { sqlite } from 'portcullis/stores/sqlite'

const place = process.env.PLACE ?? ''

storeContract('The store', async () => {
  const open = () => (place.startsWith('postgres:') ? postgres(place) : sqlite(place))
  const stores = [open(), open()] as const
  for (const store of stores) await store.open()
  return stores
})
