import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from '../../../src/core/errors.ts'
import { estimateGuesses } from '../../../src/core/passwords/guesses.ts'
import { createPasswordPolicy, isTooLong } from '../../../src/core/passwords/password-policy.ts'
import { samplePasswords } from '../../../src/core/passwords/sample-passwords.ts'
import { goodPassword } from '../../fixtures.ts'

const policy = createPasswordPolicy()

/** Every kind of reason that the policy gives against a password. */
async function reasonsOf(password: string, username = 'bob', judge = policy): Promise<string[]> {
  const kinds = {
    long: /at most 1024 bytes/,
    short: /at least \d+ characters/,
    break: /line break/,
    username: /be the username/,
    guessed: /easy to guess/,
    printed: /printed in the documents/,
  }
  const problems = await judge.problemsOf(password, username)
  return problems.map((problem) => {
    const kind = Object.entries(kinds).find(([, pattern]) => pattern.test(problem))
    assert.ok(kind, problem)
    return kind[0]
  })
}

/** Unrelated words, cut to a length. */
const phrase = 'my dog eats blue chairs quietly every second rainy monday evening until june'

test('a phrase of unrelated lower-case words with spaces is good (PW-10)', async () => {
  const good = [goodPassword, phrase, 'three green tractors sing', 'vivid harbor ladle ox']
  for (const password of good) assert.deepEqual(await reasonsOf(password), [])
})

test('14 characters are too few, 15 are enough (PW-07)', async () => {
  assert.equal(policy.minLength, 15)
  assert.deepEqual(await reasonsOf('kjwqy zvx bnmt'), ['short'])
  assert.deepEqual(await reasonsOf('kjwqy zvx bnmtp'), [])
})

test('characters are code points: an emoji is one, however many bytes (PW-08)', async () => {
  const emoji = [
    '😀',
    '🎈',
    '🐙',
    '🍕',
    '🚀',
    '🎸',
    '🌵',
    '🦊',
    '🎲',
    '📚',
    '🧊',
    '🥝',
    '🪁',
    '🛶',
    '🦉',
  ]
  assert.deepEqual(await reasonsOf(emoji.join('')), [])
  assert.deepEqual(await reasonsOf(emoji.slice(1).join('')), ['short'])
})

test('characters are counted after composition (PW-08)', async () => {
  assert.deepEqual(await reasonsOf('e\u0301tait vert tra'), ['short'])
  assert.deepEqual(await reasonsOf('e\u0301tait vert trai'), [])
})

test('a minimum of 8 to 64 may be configured, and no other (PW-07)', async () => {
  const eight = createPasswordPolicy({ minLength: 8 })
  assert.equal((await reasonsOf('ox vat 7', 'bob', eight)).includes('short'), false)
  assert.equal((await reasonsOf('ox vat ', 'bob', eight)).includes('short'), true)
  assert.deepEqual(await reasonsOf('kV9#xQ2m!w', 'bob', eight), [])
  assert.equal(createPasswordPolicy({ minLength: 64 }).minLength, 64)
  for (const minLength of [7, 65, 0, -1, 15.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => createPasswordPolicy({ minLength }), ConfigError, String(minLength))
  }
})

test('64 characters and more are good, up to 1024 bytes (PW-07)', async () => {
  const long = phrase.repeat(20)
  assert.deepEqual(await reasonsOf(long.slice(0, 64)), [])
  assert.deepEqual(await reasonsOf(long.slice(0, 1024)), [])
  assert.deepEqual(await reasonsOf(long.slice(0, 1025)), ['long'])
  assert.deepEqual(await reasonsOf(`${long.slice(0, 1023)}é`), ['long'])
  assert.deepEqual(await reasonsOf('a'.repeat(10_000_000)), ['long', 'guessed'])
  assert.deepEqual(await reasonsOf(`${long}\n`), ['long', 'break'])
})

test('every reason is given at once', async () => {
  assert.deepEqual(await reasonsOf('a\r\na'), ['short', 'break', 'guessed'])
  assert.deepEqual(await reasonsOf('bob'), ['short', 'username'])
  assert.deepEqual(await reasonsOf(''), ['short', 'guessed'])
})

test('a line break or a NUL is refused, a tab and other signs are not', async () => {
  for (const sign of ['\n', '\r', '\r\n', '\0']) {
    assert.deepEqual(await reasonsOf(`three green${sign}tractors sing`), ['break'])
  }
  assert.deepEqual(await reasonsOf('three green\ttractors sing'), [])
  assert.deepEqual(await reasonsOf(' drei grüne Traktoren singen ! '), [])
})

test('the username is refused, in any case (PW-10)', async () => {
  const username = 'alice@a-long-example.com'
  assert.deepEqual(await reasonsOf(username, username), ['username'])
  assert.deepEqual(await reasonsOf(username.toUpperCase(), username), ['username'])
  assert.deepEqual(await reasonsOf(`${goodPassword} ${username}`, username), [])
})

test('a password made of the username is refused (PW-10)', async () => {
  assert.deepEqual(await reasonsOf('AliceLiddell1998', 'aliceliddell'), ['guessed'])
  assert.deepEqual(await reasonsOf('aliceliddellaliceliddell', 'aliceliddell'), ['guessed'])
})

test('common passwords, repeats and rows of keys are refused, long enough or not (PW-10)', async () => {
  const common = [
    ...['password1234567', 'passwordpassword', 'iloveyouiloveyou', 'PasswordPassword'],
    ...['qwertyuiopasdfgh', '1234567890123456', 'aaaaaaaaaaaaaaaa', 'abcabcabcabcabcabc'],
    ...['x'.repeat(1024), 'p@ssw0rdp@ssw0rd'],
  ]
  for (const password of common) assert.deepEqual(await reasonsOf(password), ['guessed'], password)
})

test('what zxcvbn gives its best score as it is typed is good, from 10^10 guesses on (PW-10)', async () => {
  // 10^12.3, 10^15.5, 10^13.1 and 10^12.0 guesses.
  const good = [
    'wonderland-rabbit-42',
    'blue-monkey-77-river',
    'ilovemydog2024!!',
    'MyCompany2026!!!',
  ]
  for (const password of good) assert.deepEqual(await reasonsOf(password), [], password)
  // 10^9.3 and 10^8.8 guesses.
  for (const password of ['wonderlandrabbit42', 'liverpoolfootballclub']) {
    assert.deepEqual(await reasonsOf(password), ['guessed'], password)
  }
})

test('where fewer characters are enough, so are fewer guesses, but no fewer than 10^7 (PW-10)', async () => {
  const eight = createPasswordPolicy({ minLength: 8 })
  // 10^7.6 and 10^6.7 guesses.
  assert.deepEqual(await reasonsOf('lampbird', 'bob', eight), [])
  assert.deepEqual(await reasonsOf('catbird77', 'bob', eight), ['guessed'])
})

test('what everybody knows is refused, however its words are joined and whatever follows (PW-10)', async () => {
  for (const password of [
    ...[
      'correcthorsebatterystaple',
      'Correct Horse Battery Staple',
      'correct-horse-battery-staple',
    ],
    ...['Correct Horse Battery Staple 2024!'],
  ]) {
    assert.deepEqual(await reasonsOf(password), ['guessed'], password)
  }
  assert.deepEqual(await reasonsOf(`correct horse battery staple ${goodPassword}`), [])
})

test('the username is a known word, and so is each part of it, joined to others or not (PW-10)', async () => {
  for (const username of ['alice', 'alice@example.com', 'alice.liddell']) {
    for (const password of ['alice password 2024', 'password-alice-24', 'Alice_1234567890']) {
      assert.deepEqual(await reasonsOf(password, username), ['guessed'], password)
    }
  }
  assert.deepEqual(await reasonsOf('alice password 2024', 'bob'), [])
})

test('a sample of the documents is refused if that is asked for, in every spelling (PW-10)', async () => {
  const strict = createPasswordPolicy({ refuseSamples: true })
  for (const sample of Object.values(samplePasswords)) {
    assert.deepEqual(await reasonsOf(sample), [])
    for (const password of [
      sample,
      sample.toUpperCase(),
      sample.replaceAll(' ', '-'),
      `${sample} 1!`,
    ]) {
      assert.deepEqual(await reasonsOf(password, 'bob', strict), ['printed'], password)
    }
    assert.deepEqual(await reasonsOf(`${sample} loudly`, 'bob', strict), [])
  }
})

test('a reason says which part is weak by its place, and does not repeat it (PW-10)', async () => {
  const ours = createPasswordPolicy({ contextWords: ['zorblatt'] })
  for (const [password, said] of [
    ['password 12345678', /characters 1 to 8 are a common password, characters 10 to 17 are/],
    ['zorblatt alice 2024', /characters 1 to 9 are the username or a name of this site/],
    ['michaeljackson1958', /characters 15 to 18 are a year/],
    ['xyxyxyxyxyxyxyxyxy', /characters 1 to 18 are a repeat/],
    ['qazwsxedcrfvtgbyh', /are a (row of keys|common password)/],
    ['x', /it is too short/],
  ] as const) {
    const [problem = ''] = (await ours.problemsOf(password, 'alice')).slice(-1)
    assert.match(problem, said)
    for (const part of ['12345', 'zorblatt', 'alice', 'michael', '1958', 'xyxy', 'qaz']) {
      assert.equal(problem.includes(part), false, problem)
    }
  }
})

test('four words that a list of 7776 gives at random are good (PW-10)', async () => {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const words = dictionary['diceware-common'].filter((word) => /^[a-z]{3,}$/.test(word))
  assert.ok(words.length > 5000)
  const drawn = fc.array(fc.constantFrom(...words), { minLength: 4, maxLength: 4 })
  let refused = 0
  for (const phrase of fc.sample(drawn, { numRuns: 200, seed: 1 })) {
    const password = phrase.join(' ')
    if (password.length >= 15 && (await reasonsOf(password)).length > 0) refused++
  }
  // Some draws are of the commonest words, or one word twice.
  assert.ok(refused <= 10, `${refused} of 200`)
})

test('what is looked at is bounded, and starts with the first character', async () => {
  const [weak, strong] = ['a'.repeat(40), goodPassword]
  assert.deepEqual(await reasonsOf(`${strong} ${weak}`), [])
  assert.deepEqual(await reasonsOf(`${weak} ${strong}`), ['guessed'])
})

test('words of the service make a password easy to guess (PW-10)', async () => {
  const ours = createPasswordPolicy({ contextWords: ['zorblatt'] })
  const password = 'zorblatt-1234567'
  assert.deepEqual(await reasonsOf(password, 'bob'), [])
  assert.deepEqual(await reasonsOf(password, 'bob', ours), ['guessed'])
})

test('a known word has three letters or more: parts of two are everywhere', async () => {
  const password = 'zq7 wv4 kx9 zq8'
  const { guessesLog10: alone } = await estimateGuesses(password, [])
  assert.equal((await estimateGuesses(password, ['zq', 'wv-kx'])).guessesLog10, alone)
  assert.ok((await estimateGuesses(password, ['wv4'])).guessesLog10 < alone)
})

test('words of the service count in every composition (PW-08, PW-10)', async () => {
  const ours = createPasswordPolicy({ contextWords: ['Zo\u0308rblatt'] })
  assert.deepEqual(await reasonsOf('z\u00f6rblatt 1234567', 'bob', ours), ['guessed'])
})

test('the length in bytes is that of the composed password, which is what is hashed (PW-07, PW-08)', async () => {
  const composed = `${phrase} `.repeat(10) + 'é'.repeat(100)
  assert.ok(Buffer.byteLength(composed) <= 1024)
  assert.ok(Buffer.byteLength(composed.normalize('NFD')) > 1024)
  assert.deepEqual(await reasonsOf(composed.normalize('NFD')), [])
  for (const [text, expected] of [
    ['가'.repeat(341), false],
    ['가'.repeat(342), true],
    ['x'.repeat(1024), false],
    ['x'.repeat(1025), true],
    ['x'.repeat(10_000_000), true],
  ] as const) {
    assert.equal(isTooLong(text), expected)
    assert.equal(isTooLong(text.normalize('NFD')), expected)
  }
})
