import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createFailurePace } from '../../../src/core/passwords/failure-pace.ts'
import { formatFirebaseHash } from '../../../src/core/passwords/formats/firebase-scrypt.ts'
import { readHash } from '../../../src/core/passwords/formats/read-hash.ts'
import { HashRefusal } from '../../../src/core/passwords/formats/stored-hash.ts'
import { createPasswordHasher } from '../../../src/core/passwords/password-hash.ts'
import { unthrottledAdmission } from '../../../src/core/throttle/throttle.ts'
import { cheapHashing, createCountingPool } from '../../fixtures.ts'

/** Published in the README of github.com/firebase/scrypt. */
const firebaseHash = formatFirebaseHash(
  {
    signerKey:
      'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
    saltSeparator: 'Bw==',
    rounds: 8,
    memoryCost: 14,
  },
  '42xEC+ixf3L2lw==',
  'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
)

/** Hashes that other programs made, with what they were made of. */
const vectors: readonly (readonly [maker: string, kind: string, password: string, hash: string])[] =
  [
    // django/tests/auth_tests/test_hashers.py, of several versions.
    [
      'Django, test_pbkdf2',
      'pbkdf2-sha256 600000',
      'lètmein',
      'pbkdf2_sha256$600000$seasalt$OAXyhAQ/4ZDA9V5RMExt3C1OwQdUpLZ99vm1McFlLRA=',
    ],
    [
      'Django, test_pbkdf2 of 1.10',
      'pbkdf2-sha256 30000',
      'lètmein',
      'pbkdf2_sha256$30000$seasalt$VrX+V8drCGo68wlvy6rfu8i1d1pfkdeXA4LJkRGJodY=',
    ],
    // Made with Django 5.2.19.
    [
      'Django, ScryptPasswordHasher',
      'scrypt n=16384,r=8,p=5',
      'lètmein',
      'scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==',
    ],
    [
      'Django, Argon2PasswordHasher',
      'argon2id m=102400,t=2,p=8',
      'lètmein',
      'argon2$argon2id$v=19$m=102400,t=2,p=8$S3lHT3hmMWJoRGl6eE5RNVFwclNEVA$nXSvvcrnC81pmaPKbzNDZjBKJomMK7Bu+h6fI2IzdMA',
    ],
    [
      'Django, BCryptSHA256PasswordHasher',
      'bcrypt 12',
      'lètmein',
      'bcrypt_sha256$$2b$12$3efcUusMw3zZcfVe7tbWT.vOaW.jcxbviGaRoNR43YYD9amsHli6O',
    ],
    [
      'Django, BCryptPasswordHasher',
      'bcrypt 12',
      'lètmein',
      'bcrypt$$2b$12$g/U2REeKv.0ymEKr3YpmJOPjVgO3LA0XUXUBHR4ioe833PKKygr9q',
    ],
    // passlib/tests/test_handlers*.py.
    [
      'passlib, django_pbkdf2_sha1',
      'pbkdf2-sha1 10000',
      'not a password',
      'pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=',
    ],
    [
      'passlib, pbkdf2_sha1',
      'pbkdf2-sha1 1212',
      'password',
      '$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI',
    ],
    [
      'passlib, pbkdf2_sha256',
      'pbkdf2-sha256 1212',
      'password',
      '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
    ],
    [
      'passlib, pbkdf2_sha512',
      'pbkdf2-sha512 1212',
      'password',
      '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
    ],
    [
      'passlib, bcrypt_sha256',
      'bcrypt 5',
      'password',
      '$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS',
    ],
    [
      'passlib, bcrypt_sha256 of before 1.7.3',
      'bcrypt 5',
      'password',
      '$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu',
    ],
    [
      'passlib, scrypt',
      'scrypt n=256,r=8,p=1',
      'test',
      '$scrypt$ln=8,r=8,p=1$wlhLyXmP8b53bm1NKYVQqg$mTpvG8lzuuDk+DWz8HZIB6Vum6erDuUm0As5yU+VxWA',
    ],
    [
      'RFC 7914, by way of passlib',
      'scrypt n=1024,r=8,p=16',
      'password',
      '$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI',
    ],
    // Made with Werkzeug 3.1.9: generate_password_hash.
    [
      'Werkzeug, its default',
      'scrypt n=32768,r=8,p=1',
      'lètmein',
      'scrypt:32768:8:1$XhoI6EZ2L5C8BK4g$f773e9015a63ba62fc519e4576ed37c9074ecd051788aa344619ac73fb407cc3a93570ab663352c3c340fd316ddb50e9056f969624207eece617e1857c173468',
    ],
    [
      'Werkzeug, pbkdf2:sha256',
      'pbkdf2-sha256 1000000',
      'lètmein',
      'pbkdf2:sha256:1000000$41CXCvN8CV3V7gZG$e5d1e49ed4ddb3ee75f1b963a3c346e18bfb7c2397c96b5a8e637a4fa848fbab',
    ],
    [
      'Werkzeug, pbkdf2:sha1',
      'pbkdf2-sha1 1000',
      'lètmein',
      'pbkdf2:sha1:1000$WfErpcqmWCMhvzuN$292f74737f7e2a359d1cba772c7c7888e0d1301a',
    ],
    [
      'Firebase, README of firebase/scrypt',
      'firebase-scrypt n=16384,r=8,p=1',
      'user1password',
      firebaseHash,
    ],
    // The MQTT broker of Azure IoT Operations documents it; Auth0 takes the same form.
    [
      'a PHC string of pbkdf2',
      'pbkdf2-sha512 100000',
      'password',
      '$pbkdf2-sha512$i=100000,l=64$HqJwOCHweNk1pLryiu3RsA$KVSvxKYcibIG5S5n55RvxKRTdAAfCUtBJoy5IuFzdSZyzkwvUcU+FPawEWFPn+06JyZsndfRTfpiEh+2eSJLkg',
    ],
    // "alice" of Strimzi's example realm, by way of Keycloak's two fields: 64 bytes are two blocks.
    [
      'Keycloak, pbkdf2-sha256',
      'pbkdf2-sha256 55000',
      'alice-password',
      '$pbkdf2-sha256$i=27500,l=64$EPgscX9CQz7UnuZDNZxtMw$KqABIiReBuRWbP4pBct3W067pNvYzeN7ILBV+8vT8nuF5cgYs2fdl2QikJT/7bGTW/PBXg6CYLwJQFYrBK9MWg',
    ],
    [
      'Keycloak 26, argon2',
      'argon2id m=7168,t=5,p=1',
      'secret',
      '$argon2id$v=19$m=7168,t=5,p=1$LRScGShC7shkdoU5B1UgUQ$xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80',
    ],
  ]
// Answers failures at once: here nobody measures how long they take.
const pace = createFailurePace(async () => {})
const hasher = await createPasswordHasher(cheapHashing, pace)

for (const [maker, kind, password, stored] of vectors) {
  test(`a hash of ${maker} verifies, and is replaced unless it is argon2id (PW-02, PW-03)`, async () => {
    const hash = readHash(stored)
    assert.equal(`${hash.kind} ${hash.cost}`, kind)
    assert.equal(await hasher.verify(password, stored, unthrottledAdmission), true)
    assert.equal(await hasher.verify(`${password}z`, stored, unthrottledAdmission), false)
    assert.equal(await hasher.verify('', stored, unthrottledAdmission), false)
    assert.equal(hasher.problemOf(stored), null)
    assert.equal(hasher.needsRehash(stored), !stored.startsWith('$argon2id$'))
  })
}

test('a bcrypt hash verifies whatever the padding bits of its salt and its digest are (PW-03)', async () => {
  const password = 'three green tractors sing'
  // passlib verifies it: the last sign of the salt is J, whose bits mean the same as those of a full stop.
  const odd = '$2b$04$a9X0HRuHqxT2qmp9o.ObiJ8ZW3jWJRdbF7MJeoYw9guwRWr1gqZyO'
  for (const stored of [
    odd,
    odd.replace(/iJ/, 'i.'),
    odd.replace(/iJ/, 'iM'),
    odd.replace(/O$/, 'R'),
  ]) {
    assert.equal(hasher.problemOf(stored), null)
    assert.equal(await hasher.verify(password, stored, unthrottledAdmission), true, stored)
    assert.equal(await hasher.verify('wrong', stored, unthrottledAdmission), false, stored)
  }
  for (const stored of [odd.replace(/iJ/, 'iO'), odd.replace(/O$/, 'S')]) {
    assert.equal(await hasher.verify(password, stored, unthrottledAdmission), false, stored)
  }
  // passlib's key of HMAC is the salt as it should be written.
  const keyed = '$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS'
  for (const last of 'efqtu') {
    const stored = keyed.replace('vVoe', `vVo${last}`)
    assert.equal(await readHash(stored).verify('password'), 'efqt'.includes(last), stored)
  }
})

test('a cost that scrypt itself does not do is refused, and its neighbour is not (PW-12)', async () => {
  const rest = `$c2FsdHNhbHQ$${Buffer.alloc(32, 1).toString('base64')}`
  const signerKey = Buffer.alloc(32, 1).toString('base64')
  const firebase = `$firebase-scrypt$m=16,r=1,sep=,key=${signerKey}${rest}`
  for (const stored of [
    `$scrypt$ln=16,r=1,p=1${rest}`,
    `$scrypt$ln=17,r=1,p=1${rest}`,
    `$scrypt$ln=1,r=1048576,p=1${rest}`,
    firebase,
  ]) {
    assert.throws(() => readHash(stored), HashRefusal, stored)
  }
  for (const stored of [`$scrypt$ln=15,r=1,p=1${rest}`, firebase.replace('m=16', 'm=15')]) {
    assert.equal(await readHash(stored).verify('secret'), false, stored)
  }
})

test('whatever is read as a hash can be verified: nothing is imported that never lets anybody in (PW-02)', async () => {
  const cheap = [
    ...['$2b$04$a9X0HRuHqxT2qmp9o.ObiJ8ZW3jWJRdbF7MJeoYw9guwRWr1gqZyO'],
    '$argon2id$v=19$m=64,t=1,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE',
    '$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE',
    'scrypt:16:8:1$salt$00112233445566778899aabbccddeeff',
    'pbkdf2_sha256$10$salt$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=',
    '$pbkdf2-sha512$i=10,l=32$c2FsdHNhbHQ$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE',
    firebaseHash.replace('m=14', 'm=4'),
  ]
  const change = fc.record({
    stored: fc.constantFrom(...cheap),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat({ max: 3 }),
    put: fc.string({ unit: fc.constantFrom(...'$,=:.-_/+aZ0159lmprtv'), maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(change, async ({ stored, at, cut, put }) => {
      const place = Math.floor(at * stored.length)
      const changed = stored.slice(0, place) + put + stored.slice(place + cut)
      if (hasher.problemOf(changed) !== null) return
      // Dear ones are as the cheap ones are, and this machine has other things to do.
      if (/[:=$]\d{3,}[,:$]/.test(changed) || /(ln|m|r|p|t)=\d\d/.test(changed.replace('m=64', '')))
        return
      assert.equal(typeof (await readHash(changed).verify('secret')), 'boolean')
    }),
    { numRuns: 400 },
  )
})

test('a fault of the machine while a hash is verified is neither a right nor a wrong password', async (t) => {
  const fault = new Error('no memory')
  t.mock.method(crypto, 'createCipheriv', () => {
    throw fault
  })
  syncBuiltinESMExports()
  t.after(syncBuiltinESMExports)
  await assert.rejects(hasher.verify('user1password', firebaseHash, unthrottledAdmission), fault)
  t.mock.restoreAll()
  syncBuiltinESMExports()
  assert.equal(await hasher.verify('user1password', firebaseHash, unthrottledAdmission), true)
})

test('bcrypt after SHA-256 counts every byte of a long password (PW-05)', async () => {
  // Made with passlib 1.7.4 of 100 letters "a".
  for (const stored of [
    '$bcrypt-sha256$v=2,t=2b,r=4$9zKwyg6zVd0BzrKVCLjyPO$UPdYS.mgJ3.Ed1VVb7AHFToBtsJTl9y',
    '$bcrypt-sha256$2b,4$ZkhEq5n4QBPq1uBimRmyou$.eL9ST8g9WFNSU.LHXBZ6rn3sJKPBum',
  ]) {
    assert.equal(await readHash(stored).verify('a'.repeat(100)), true)
    assert.equal(await readHash(stored).verify('a'.repeat(99)), false)
    assert.equal(await readHash(stored).verify('a'.repeat(72)), false)
  }
})

test('a stored hash of any format that would cost too much is refused with the reason (PW-12)', () => {
  const hex = 'ab'.repeat(32)
  const base64 = Buffer.alloc(32, 1).toString('base64')
  const expensive = [
    `pbkdf2_sha256$2000001$salt$${base64}`,
    `pbkdf2_sha256$9999999999$salt$${base64}`,
    `pbkdf2:sha1:1000001$salt$${hex}`,
    `$pbkdf2-sha512$i=2000001,l=32$c2FsdA$${base64}`,
    `pbkdf2_sha256$1000001$salt$${Buffer.alloc(64, 1).toString('base64')}`,
    `scrypt:524288:8:1$salt$${hex}`,
    `scrypt:32768:8:9$salt$${hex}`,
    `scrypt:16:999999999:1$salt$${hex}`,
    `scrypt$1048576$salt$8$1$${base64}`,
    `$scrypt$ln=63,r=8,p=1$c2FsdA$${base64}`,
    `$scrypt$ln=10,r=8,p=999999999$c2FsdA$${base64}`,
    firebaseHash.replace('m=14', 'm=19'),
    firebaseHash.replace('r=8', 'r=999'),
    `bcrypt_sha256$$2b$16$${'a'.repeat(53)}`,
    `$bcrypt-sha256$v=2,t=2b,r=31$${'a'.repeat(22)}$${'a'.repeat(31)}`,
    `argon2$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$${base64.slice(0, -1)}`,
  ]
  for (const stored of expensive) {
    const problem = hasher.problemOf(stored)
    assert.match(problem ?? 'none', /costs too much|must have a cost/, stored)
    assert.equal(problem?.includes(stored), false)
  }
})

test('a hash that is cut, empty or of another format is refused with the reason', () => {
  const [, , , werkzeug = ''] = vectors.find(([maker]) => maker === 'Werkzeug, its default') ?? []
  const broken = [
    ...[
      '',
      '!',
      '!unusable',
      'secret',
      'md5$salt$0cc175b9c0f1b6a831c399e269772661',
      '$6$salt$hash',
    ],
    ...[
      'pbkdf2_sha256$1000$salt$',
      'pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAA==',
      'pbkdf2_md5$1$a$b',
    ],
    ...[
      'pbkdf2:sha256$salt$abcd',
      'pbkdf2_sha256$1000$salt$AAAA',
      'scrypt:3:8:1$salt$',
      'scrypt$$$$$',
    ],
    ...[werkzeug.slice(0, -1), werkzeug.replace('32768', '32767'), werkzeug.replace(':8:', ':0:')],
    ...[
      werkzeug.replace('$f773', '$F773'),
      `${werkzeug}\n`,
      ` ${werkzeug}`,
      `${werkzeug}00`.repeat(8),
    ],
    '$pbkdf2-sha256$i=1000,l=64$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    firebaseHash.slice(0, -4),
    firebaseHash.replace(/key=[^$]*/, 'key='),
    firebaseHash.replace('m=14', 'm=0'),
    '$firebase-scrypt$',
    '$2x$05$5Hg1DKFqPE8C2aflZ5vVoe12BjNE0p7axMg55.Y/mHsYiVuFBDQyu',
    'bcrypt_sha256$2b$12$short',
    '$bcrypt-sha256$v=3,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu',
  ]
  for (const stored of broken) {
    assert.throws(() => readHash(stored), HashRefusal, stored)
    assert.match(hasher.problemOf(stored) ?? '', /^The .*\.$/)
  }
})

test('any text is read as a hash or refused, and nothing else happens', () => {
  const piece = fc.constantFrom(
    ...[
      '$',
      ':',
      ',',
      '=',
      'pbkdf2',
      '_sha256',
      '-sha512',
      'scrypt',
      'bcrypt',
      '$2b$12$',
      'argon2id',
    ],
    ...[
      'firebase-scrypt',
      'ln=',
      'm=',
      'r=8',
      'p=1',
      '1000',
      '32768',
      'c2FsdA',
      'ab'.repeat(32),
      'v=19',
    ],
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (stored) => {
      try {
        readHash(stored)
      } catch (error) {
        assert.ok(error instanceof HashRefusal, String(error))
      }
    }),
    { numRuns: 500 },
  )
})

test('a foreign hash of any format costs one hash of work (TH-01)', async () => {
  const pool = createCountingPool()
  const counted = await createPasswordHasher({ ...cheapHashing, pool }, pace)
  for (const [maker, , , stored] of vectors) {
    const before = pool.hashes
    await counted.verify('a wrong password', stored, unthrottledAdmission)
    assert.equal(pool.hashes, before + 1, maker)
  }
})
