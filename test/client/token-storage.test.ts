import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStorage, type Tokens, webStorage } from '../../src/client/token-storage.ts'

const tokens: Tokens = { accessToken: 'a', refreshToken: 'r', expiresAt: 1, scope: 'x y' }

/** A `Storage` in memory, which has room for so many characters. */
function storageOf(room = Number.POSITIVE_INFINITY): Storage {
  const items = new Map<string, string>()
  return {
    get length() {
      return items.size
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem(key, value) {
      if (value.length > room) throw new DOMException('full', 'QuotaExceededError')
      items.set(key, value)
    },
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  }
}

test('tokens come back as they were written, without a refresh token too', () => {
  const { refreshToken: _, ...withoutRefresh } = tokens
  for (const storage of [memoryStorage(), webStorage(storageOf())]) {
    for (const written of [tokens, withoutRefresh, null]) {
      storage.write(written)
      assert.deepEqual(storage.read(), written)
    }
  }
})

test('what others left under the key is no login', () => {
  for (const text of ['', '{', 'null', '7', '[]', '{"accessToken":"a"}', '{"accessToken":1}']) {
    const storage = storageOf()
    storage.setItem('portcullis', text)
    assert.equal(webStorage(storage).read(), null, text)
  }
})

test('a login of which any part has another type is no login', () => {
  const wrong: Record<keyof Tokens, readonly unknown[]> = {
    accessToken: [undefined, 1, null],
    refreshToken: [1, null, {}],
    expiresAt: [undefined, '1', null],
    scope: [undefined, 1, null],
  }
  for (const [member, values] of Object.entries(wrong)) {
    for (const value of values) {
      const storage = storageOf()
      storage.setItem('portcullis', JSON.stringify({ ...tokens, [member]: value }))
      assert.equal(webStorage(storage).read(), null, `${member}: ${value}`)
    }
  }
})

test('who shares a storage and its key shares the lock of its exchanges, and nobody else', () => {
  const storage = storageOf()
  assert.equal(webStorage(storage).lock, webStorage(storageOf()).lock)
  assert.equal(webStorage(storage, 'a').lock, 'portcullis a')
  assert.notEqual(webStorage(storage, 'a').lock, webStorage(storage, 'b').lock)
})

test('tokens that the storage has no room for live as long as the page', () => {
  const storage = webStorage(storageOf(10))
  storage.write(tokens)
  assert.deepEqual(storage.read(), tokens)
  storage.write(null)
  assert.equal(storage.read(), null)
})

/** What a tab is told by the platform when another tab writes. */
function tell(key: string | null, storageArea: Storage): void {
  dispatchEvent(Object.assign(new Event('storage'), { key, storageArea }))
}

test('another tab is heard that writes our key in our area, or clears the area, until it is enough', (t) => {
  const tab = new EventTarget()
  for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const) {
    Object.defineProperty(globalThis, name, { configurable: true, value: tab[name].bind(tab) })
    t.after(() => Reflect.deleteProperty(globalThis, name))
  }
  const [ours, other] = [storageOf(), storageOf()]
  let heard = 0
  const stop = webStorage(ours).subscribe?.(() => {
    heard++
  })
  tell('portcullis', ours)
  tell(null, ours)
  assert.equal(heard, 2)
  tell('another key', ours)
  tell('portcullis', other)
  tell(null, other)
  assert.equal(heard, 2)
  stop?.()
  tell('portcullis', ours)
  assert.equal(heard, 2)
})

test('where there are no tabs, nobody is heard', () => {
  assert.equal(typeof globalThis.addEventListener, 'undefined')
  const stop = webStorage(storageOf()).subscribe?.(() => assert.fail('nobody is there'))
  assert.equal(stop?.(), undefined)
})
