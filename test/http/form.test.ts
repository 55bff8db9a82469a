import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OAuthError } from '../../src/core/errors.ts'
import { parseForm, readForm } from '../../src/http/form.ts'

const form = 'application/x-www-form-urlencoded'

function parse(body: string | Uint8Array, contentType: string | undefined = form) {
  return parseForm(contentType, typeof body === 'string' ? Buffer.from(body) : body)
}

function assertRefused(read: () => unknown): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof OAuthError, String(error))
    assert.equal(error.code, 'invalid_request')
    return true
  })
}

describe('the media type', () => {
  for (const contentType of [
    form,
    'Application/X-WWW-Form-URLencoded',
    `${form}; charset=UTF-8`,
    `${form};charset=utf-8`,
    `${form} ; charset="utf-8"`,
  ]) {
    test(`${contentType} is a form (PC-01)`, () => {
      assert.equal(parse('a=1', contentType).get('a'), '1')
    })
  }

  for (const contentType of [
    undefined,
    '',
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    `${form}x`,
    `x${form}`,
    `${form}, application/json`,
  ]) {
    test(`${contentType ?? 'no media type'} is not a form (PC-01)`, () => {
      assertRefused(() => parseForm(contentType, Buffer.from('a=1')))
    })
  }
})

describe('a parameter that occurs twice', () => {
  for (const name of ['grant_type', 'username', 'password', 'scope', 'client_id', 'foo', 'a[]']) {
    for (const [said, body] of [
      ['two values', `${name}=1&${name}=2`],
      ['one value twice', `${name}=1&x=&${name}=1`],
      ['an empty value first', `${name}=&${name}=1`],
      ['no value', `${name}&${name}`],
      ['a name that is encoded once', `${name}=1&%${hexOf(name[0])}${name.slice(1)}=2`],
    ]) {
      test(`is refused: ${name} with ${said} (PC-02)`, () => {
        assertRefused(() => parse(body as string))
      })
    }
  }

  test('is one parameter if the names differ in case only', () => {
    assert.deepEqual(
      [...parse('a=1&A=2')],
      [
        ['a', '1'],
        ['A', '2'],
      ],
    )
  })
})

function hexOf(character = ''): string {
  return character.charCodeAt(0).toString(16)
}

describe('an empty parameter', () => {
  for (const body of ['a=', 'a', '', '&', '&&', 'a=&b=', '=']) {
    test(`in ${JSON.stringify(body)} counts as absent (PC-03)`, () => {
      assert.equal(parse(body).size, 0)
    })
  }

  test('does not hide the others (PC-03)', () => {
    assert.deepEqual([...parse('&a=&b=2&&c&')], [['b', '2']])
  })
})

describe('a name', () => {
  for (const [body, name, value] of [
    ['a[b]=c', 'a[b]', 'c'],
    ['a%5Bb%5D=c', 'a[b]', 'c'],
    ['a[]=c', 'a[]', 'c'],
    ['a.b=c', 'a.b', 'c'],
    ['__proto__=x', '__proto__', 'x'],
    ['__proto__[x]=1', '__proto__[x]', '1'],
    ['constructor[prototype][x]=1', 'constructor[prototype][x]', '1'],
    ['toString=x', 'toString', 'x'],
  ] as const) {
    test(`${body} is flat text (PC-04)`, () => {
      assert.deepEqual([...parse(body)], [[name, value]])
      assert.equal(Reflect.get({}, 'x'), undefined)
    })
  }

  test('that was not sent is not found, even one that every object has (PC-04)', () => {
    const parameters = parse('a=1')
    for (const name of ['__proto__', 'constructor', 'toString', 'username']) {
      assert.equal(parameters.get(name), undefined)
    }
  })
})

describe('the text', () => {
  for (const [body, value] of [
    ['a=b+c', 'b c'],
    ['a=b%20c', 'b c'],
    ['a=b%2Bc', 'b+c'],
    ['a=b=c==', 'b=c=='],
    ['a=%26%3D%25', '&=%'],
    ['a=caf%C3%A9', 'café'],
    ['a=café ☕ 🔑', 'café ☕ 🔑'],
    ['a=%F0%9F%94%91', '🔑'],
    ['a=%00', '\0'],
    ['a=%0D%0A', '\r\n'],
    ['a=\ufeffb', '\ufeffb'],
    ['a=b;c=d', 'b;c=d'],
  ] as const) {
    test(`${JSON.stringify(body)} is ${JSON.stringify(value)}`, () => {
      assert.equal(parse(body).get('a'), value)
    })
  }

  test('keeps a byte order mark: it is a character of the name like any other', () => {
    assert.deepEqual([...parse('\ufeffa=b')], [['\ufeffa', 'b']])
  })

  for (const body of [
    'a=%FF',
    '%FF=a',
    'a=%C3',
    'a=%',
    'a=%4',
    'a=%GG',
    'a=%ED%A0%80',
    'a=%C0%80',
  ]) {
    test(`${body} is not percent-encoded UTF-8 (PC-17)`, () => {
      assertRefused(() => parse(body))
    })
  }

  for (const [said, bytes] of [
    ['a lone 0xFF', [0x61, 0x3d, 0xff]],
    ['a cut sequence', [0x61, 0x3d, 0xc3]],
    ['a surrogate', [0x61, 0x3d, 0xed, 0xa0, 0x80]],
    ['an overlong NUL', [0x61, 0x3d, 0xc0, 0x80]],
    ['a gzip header', [0x1f, 0x8b, 0x08, 0x00]],
  ] as const) {
    test(`${said} in the raw bytes is not UTF-8 (PC-17)`, () => {
      assertRefused(() => parse(Uint8Array.from(bytes)))
    })
  }
})

test('whatever URLSearchParams writes is read back as it was', () => {
  const parameters = fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  )
  fc.assert(
    fc.property(parameters, (sent) => {
      const body = new URLSearchParams(Object.entries(sent)).toString()
      assert.deepEqual([...parse(body)], Object.entries(sent))
    }),
  )
})

test('any bytes are a form or a refusal, and never another error', () => {
  const nearForm = fc
    .array(fc.constantFrom('a', '=', '&', '%', '%4', '%FF', '%C3%A9', '+', '[', ']', '\0', 'é'))
    .map((parts) => Buffer.from(parts.join('')))
  fc.assert(
    fc.property(fc.oneof(nearForm, fc.uint8Array()), (body) => {
      try {
        for (const value of parse(body).values()) assert.notEqual(value, '')
      } catch (error) {
        assert.ok(error instanceof OAuthError, String(error))
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 5_000) },
  )
})

describe('a multipart form', () => {
  const send = async (
    parts: readonly string[],
    type = 'multipart/form-data; boundary=x',
  ): Promise<ReadonlyMap<string, string>> =>
    await readForm(type, Buffer.from([...parts, '--x--\r\n'].join(''), 'latin1'))
  const part = (name: string, value: string, more = ''): string =>
    `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

  test('has the parameters that FormData holds, by the same rules (PC-01, PC-03)', async () => {
    const form = new FormData()
    for (const [name, value] of [
      ['username', 'älice & co=+%41'],
      ['scope', ''],
      ['a[b]', '__proto__'],
    ] as const) {
      form.set(name, value)
    }
    const sent = new Response(form)
    const type = sent.headers.get('content-type') ?? ''
    const parameters = await readForm(type, new Uint8Array(await sent.arrayBuffer()))
    assert.deepEqual(
      [...parameters],
      [
        ['username', 'älice & co=+%41'],
        ['a[b]', '__proto__'],
      ],
    )
  })

  for (const [name, parts, type] of [
    ['with a parameter twice (PC-02)', [part('a', '1'), part('a', '2')]],
    ['with an empty parameter twice (PC-02)', [part('a', ''), part('a', '')]],
    ['with a file', [part('password', 'x', '; filename="x.txt"')]],
    ['with an empty file', [part('password', '', '; filename=""')]],
    ['that is not UTF-8 (PC-17)', [part('username', 'ali\xff')]],
    [
      'with a transfer encoding',
      [
        '--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n',
      ],
    ],
    [
      'with a header line that goes on',
      [
        '--x\r\nContent-Disposition: form-data; name="a"\r\nX: y\r\n Content-Transfer-Encoding: base64\r\n\r\nYQ==\r\n',
      ],
    ],
    ['with a mark before a name', [part('\xef\xbb\xbfusername', 'ann')]],
    ['without its boundary', [part('a', '1')], 'multipart/form-data; charset=utf-8'],
    ['of another boundary', [part('a', '1')], 'multipart/form-data; boundary=y'],
    ['without a boundary parameter', [part('a', '1')], 'multipart/form-data'],
    ['that is mixed', [part('a', '1')], 'multipart/mixed; boundary=x'],
  ] as const) {
    test(`${name} is refused`, async () => {
      await assert.rejects(send(parts, type), { name: 'OAuthError', code: 'invalid_request' })
    })
  }

  test('of any bytes gives parameters or a refusal, and never another error', async () => {
    const line = fc.constantFrom(
      '--x',
      '--x--',
      '\r\n',
      'Content-Disposition: form-data; name="a"',
      'Content-Disposition: form-data; name="',
      ': ',
      utf8('ü'),
      '\0',
    )
    const anything = fc.array(fc.oneof(line, fc.string({ unit: 'binary', maxLength: 20 })))
    await fc.assert(
      fc.asyncProperty(anything, async (parts) => {
        await send(parts).catch((error) => assert.equal(error.code, 'invalid_request'))
      }),
      { numRuns: Number(process.env.RUNS ?? 200) },
    )
  })
})
