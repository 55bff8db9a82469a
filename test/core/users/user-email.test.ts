import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ThrottledError, UserError, type UserErrorCode } from '../../../src/core/errors.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { internals } from '../../../src/core/internals.ts'
import type { NewUser } from '../../../src/core/users/new-user.ts'
import type { User } from '../../../src/core/users/user.ts'
import { goodPassword } from '../../fixtures.ts'
import { onEachStore } from './each-store.ts'

let made = 0

onEachStore((on) => {
  /** A name that nobody has yet. */
  const newName = (): string => `user${++made}`

  async function create(user: Partial<Extract<NewUser, { password: string | null }>> = {}) {
    return await on().auth.users.create({ username: newName(), password: goodPassword, ...user })
  }

  /** A user with an address that is verified, in the domain of that user alone. */
  async function createVerified(local = 'Ann', tail = 'example.com'): Promise<User> {
    const username = newName()
    const email = `${local}@${username}.${tail}`
    return await create({ username, email, emailVerified: true })
  }

  function login(username: string, password: string = goodPassword, address?: string) {
    const { login } = on().auth[internals]
    return login.authenticate({ username, password, address: address ?? `10.1.${made}.1` })
  }

  async function assertRefused(change: Promise<unknown>, code: UserErrorCode): Promise<void> {
    await assert.rejects(change, (error) => {
      assert.ok(error instanceof UserError, String(error))
      assert.equal(error.code, code)
      return true
    })
  }

  async function openSession(user: User) {
    const { sessions } = on().auth
    const opened = await sessions.open(user, { clientId: 'portcullis', scopes: [] })
    assert.ok(opened)
    return opened
  }

  /** The seconds that the next attempt has to wait for, after so many wrong ones by each of these texts. */
  async function waitAfter(texts: readonly string[]): Promise<number> {
    let waited = 0
    let host = 0
    for (const text of texts) {
      try {
        await login(text, 'wrong', `10.2.${++host}.${made % 250}`)
      } catch (error) {
        if (!(error instanceof ThrottledError)) throw error
        waited = error.retryAfter
      }
    }
    return waited
  }

  describe('an address', () => {
    test('a user may have none (AC-01)', async () => {
      const user = await create()
      assert.deepEqual([user.email, user.emailVerified], [null, false])
      assert.equal((await login(user.username))?.id, user.id)
    })

    test('is kept as mails are sent to it, and found however it is written (AC-02, AC-04)', async () => {
      const { users } = on().auth
      const user = await createVerified('Ann.B', 'EXAMPLE.com')
      assert.equal(user.email, `Ann.B@${user.username}.example.com`)
      assert.equal(user.emailVerified, true)
      assert.deepEqual(await users.find(user.id), user)
      const typed = `ann.b@${user.username}.Example.COM`
      assert.deepEqual(await users.findByEmail(typed), user)
      for (const other of [`annb@${user.username}.example.com`, 'no address', '']) {
        assert.equal(await users.findByEmail(other), null)
      }
    })

    test('is refused if it is none, with the user (AC-02)', async () => {
      const username = newName()
      await assertRefused(create({ username, email: 'a@b@example.com' }), 'email_invalid')
      await assertRefused(create({ username, emailVerified: true }), 'email_invalid')
      const { users } = on().auth
      assert.equal(await users.findByUsername(username), null)
      const user = await create()
      await assertRefused(users.setEmail(user.id, '"a"@example.com'), 'email_invalid')
      await assertRefused(users.setEmail('nobody', 'a@example.com'), 'user_unknown')
    })

    test('two users may have the same unverified, and one of many at once verifies it (AC-07)', async () => {
      const { users } = on().auth
      const email = `same@${newName()}.example.com`
      const all = await Promise.all(Array.from({ length: 5 }, () => create({ email })))
      assert.equal(await users.findByEmail(email), null)
      const outcomes = await Promise.allSettled(
        all.map(({ id }) => users.setEmail(id, email.toUpperCase(), { verified: true })),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue
        assert.equal(outcome.reason.code, 'email_taken')
      }
      await assertRefused(create({ email, emailVerified: true }), 'email_taken')
      const winner = await users.findByEmail(email)
      await users.setEmail(winner?.id ?? '', null)
      assert.equal(await users.findByEmail(email), null)
      assert.ok(await create({ email, emailVerified: true }))
    })

    test('ends every session and link of the user who gets one, and of the user who loses one', async () => {
      const { users, sessions } = on().auth
      const user = await create()
      for (const email of [`a@${user.username}.example.com`, null]) {
        await openSession(user)
        const before = await on().auth[internals].store.users.findById(user.id)
        const changed = await users.setEmail(user.id, email)
        assert.equal(changed.email, email)
        assert.deepEqual(await sessions.list(user.id), [])
        const after = await on().auth[internals].store.users.findById(user.id)
        assert.notEqual(after?.securityStamp, before?.securityStamp)
      }
    })

    test('is in no event: what happened is (AC-11)', async () => {
      const { users, events } = on().auth
      const heard: AuthEvent[] = []
      const end = events.subscribe((event) => heard.push(event))
      const user = await createVerified('canary')
      const email = user.email ?? ''
      await users.setEmail(user.id, email, { verified: true }, { actor: 'cli:ann' })
      await users.setEmail(user.id, email)
      await users.setEmail(user.id, null)
      await login(`canary@nobody.${user.username}.example.com`)
      await users.setEmail(user.id, email, { verified: true })
      await users.rename(user.id, email)
      await login(email, 'wrong')
      end()
      const stored = await events.list({ userId: user.id, limit: 50 })
      const changes = stored.filter(({ type }) => type === 'email_changed')
      assert.deepEqual(changes.map(({ details }) => details).reverse(), [
        { verified: true },
        { verified: false },
        { removed: true },
        { verified: true },
      ])
      assert.equal(changes.at(-1)?.actor, 'cli:ann')
      assert.ok(stored.some(({ type }) => type === 'username_changed'))
      assert.ok(heard.length >= 8)
      assert.doesNotMatch(JSON.stringify([heard, stored]), /canary/i)
    })
  })

  describe('a login', () => {
    test('is by username or by verified address, however that is written (AC-05, AC-08)', async () => {
      const user = await createVerified('ann', 'bücher.de')
      const domain = `${user.username}.xn--bcher-kva.de`
      assert.equal(user.email, `ann@${domain}`)
      const texts = [
        user.username,
        `ann@${domain}`,
        `ANN@${domain}`,
        `ann＠${user.username}.BÜCHER.de`,
      ]
      for (const text of texts) assert.equal((await login(text))?.id, user.id, text)
      for (const text of [`an@${domain}`, `ann@${domain}.`, `ａnn+x@${domain}`]) {
        assert.equal(await login(text), null, text)
      }
    })

    test('is nothing that an unverified address gives (AC-10)', async () => {
      const email = `ann@${newName()}.example.com`
      const user = await create({ email })
      assert.equal(await login(email), null)
      const { users } = on().auth
      await users.setEmail(user.id, email, { verified: true })
      assert.equal((await login(email))?.id, user.id)
      await users.setEmail(user.id, email)
      assert.equal(await login(email), null)
    })

    test('finds a username first, and never two people (AC-08)', async () => {
      const { auth } = on()
      const email = `bob@${newName()}.example.com`
      // Of an import, whose names stay.
      const named = await create({ username: email, password: 'three green tractors sing' })
      const bob = await create({ email, emailVerified: true })
      assert.equal((await login(email, 'three green tractors sing'))?.id, named.id)
      assert.equal(await login(email), null)
      assert.equal((await login(bob.username))?.id, bob.id)
      await auth.users.rename(named.id, newName())
      assert.equal((await login(email))?.id, bob.id)
    })

    test('counts all names of an account as one (AC-09)', async () => {
      const user = await createVerified('ann', 'bücher.de')
      const { username } = user
      const names = [username, username.toUpperCase(), username]
      const addresses = [
        `ANN@${username}.bücher.de`,
        `ann@${username}.xn--bcher-kva.de`,
        `Ann@${username}.BÜCHER.de`,
      ]
      assert.equal(
        await waitAfter([...names, ...addresses]),
        0,
        'the sixth is the last that is free',
      )
      assert.ok((await waitAfter([username])) >= 1)
      assert.ok((await waitAfter([`ann@${username}.bücher.de`])) >= 1)
      await on().auth.users.unlock(user.id)
      assert.equal((await login(addresses[0] ?? ''))?.id, user.id)
    })

    test('counts all ways to write an address that nobody has as one, as it does of others (AC-09)', async () => {
      const name = newName()
      const ways = [`no@${name}.bücher.de`, `NO@${name}.xn--bcher-kva.de`, `no＠${name}.bücher.de`]
      assert.equal(await waitAfter([...ways, ...ways]), 0)
      for (const way of ways) assert.ok((await waitAfter([way])) >= 1, way)
    })

    test('asks the store as much for an address that is known, unverified or nobody’s (AC-09)', async () => {
      const known = await createVerified()
      const email = `ann@${newName()}.example.com`
      await create({ email })
      const named = await create({ username: `ann@${newName()}.example.com` })
      const asked = async (text: string): Promise<readonly string[]> => {
        on().statements()
        assert.equal(await login(text, 'wrong', `10.3.${made++ % 250}.1`), null)
        return on().statements()
      }
      const unknown = await asked(`ann@${newName()}.example.com`)
      assert.ok(unknown.includes('users.findByEmail'))
      assert.ok(unknown.some((call) => /^throttle\.(admit|count)$/.test(call)))
      for (const text of [known.email ?? '', email, named.username]) {
        assert.deepEqual(await asked(text), unknown, text)
      }
      const byName = await asked(newName())
      assert.ok(
        !byName.includes('users.findByEmail'),
        'a name that is no address costs what it did',
      )
      assert.deepEqual(await asked(known.username), byName)
    })
  })

  describe('a username', () => {
    test('is changed, in canonical form, and the sessions go on', async () => {
      const { users, sessions } = on().auth
      const user = await create()
      const { session } = await openSession(user)
      const name = newName()
      assert.equal((await users.rename(user.id, name.toUpperCase())).username, name)
      assert.deepEqual(
        (await sessions.list(user.id)).map(({ id }) => id),
        [session.id],
      )
      assert.equal((await login(name))?.id, user.id)
      assert.equal(await login(user.username), null)
      assert.equal((await users.rename(user.id, name)).username, name)
    })

    test('is refused if it is taken, none, or of nobody', async () => {
      const { users } = on().auth
      const [user, other] = [await create(), await create()]
      await assertRefused(users.rename(user.id, other.username.toUpperCase()), 'username_taken')
      await assertRefused(users.rename(user.id, 'no name'), 'username_invalid')
      await assertRefused(users.rename('nobody', newName()), 'user_unknown')
      assert.equal((await users.find(user.id))?.username, user.username)
    })

    test('starts without the waits that strangers brought on either name', async () => {
      const { users } = on().auth
      const user = await create()
      const name = newName()
      const tries = (text: string) => Array<string>(7).fill(text)
      assert.ok((await waitAfter(tries(user.username))) >= 1)
      assert.ok((await waitAfter(tries(name))) >= 1)
      await users.rename(user.id, name)
      assert.equal((await login(name))?.id, user.id)
    })

    test('with an @ is the verified address of the user, or refused (AC-08)', async () => {
      const { users } = on().auth
      const user = await createVerified('Ann', 'bücher.de')
      const own = user.email ?? ''
      const bob = await createVerified('bob')
      for (const name of ['bob@x', '@ann', 'ann＠x', `a.${own}`, bob.email ?? '']) {
        await assertRefused(users.rename(user.id, name), 'username_invalid')
      }
      assert.equal((await users.rename(user.id, own.toUpperCase())).username, own.toLowerCase())
      const unverified = await create({ email: `ann@${newName()}.example.com` })
      const name = unverified.email ?? ''
      await assertRefused(users.rename(unverified.id, name), 'username_invalid')
    })

    test('that another user has verified as an address is taken for a new user (AC-08)', async () => {
      const bob = await createVerified('Bob', 'bücher.de')
      const names = [bob.email ?? '', `bob@${bob.username}.bücher.de`]
      for (const username of names) await assertRefused(create({ username }), 'username_taken')
      assert.ok(await create({ username: `x${names[0]}` }))
    })
  })
})
