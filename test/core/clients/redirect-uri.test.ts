import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  isNativeRedirectUri,
  isPostLogoutRedirectUriOf,
  isRedirectUriOf,
  originOfRedirectUri,
  redirectUriProblem,
  webUriProblem,
} from '../../../src/core/clients/redirect-uri.ts'

const registered = 'https://app.example.com/callback'

const passes = (uri: string, ...redirectUris: readonly string[]): boolean =>
  isRedirectUriOf({ redirectUris }, uri)

const others: readonly string[] = [
  '',
  'https://app.example.com',
  'https://app.example.com/',
  'https://app.example.com/callback/',
  'https://app.example.com//callback',
  'https://app.example.com/callbac',
  'https://app.example.com/callbackk',
  'https://app.example.com/Callback',
  'https://app.example.com/CALLBACK',
  'https://APP.example.com/callback',
  'HTTPS://app.example.com/callback',
  'http://app.example.com/callback',
  'ftp://app.example.com/callback',
  '//app.example.com/callback',
  '/callback',
  'https:app.example.com/callback',
  'https:/app.example.com/callback',
  'https:///app.example.com/callback',
  'https:\\\\app.example.com\\callback',
  'https://app.example.com\\callback',
  'https://app.example.com/\\callback',
  'https://app.example.com/..;/callback',
  'https://app.example.com/callback/..;/admin',
  'https://app.example.com/a/../callback',
  'https://app.example.com/callback/../other',
  'https://app.example.com/./callback',
  'https://app.example.com/callback/.',
  'https://app.example.com/%2e/callback',
  'https://app.example.com/callback/%2e%2e/other',
  'https://app.example.com/callback%2f',
  'https://app.example.com/%63allback',
  'https://app.example.com/callback%00',
  'https://app.example.com/callback%0d%0aSet-Cookie:a',
  'https://app.example.com/callback;a',
  'https://app.example.com/callback?',
  'https://app.example.com/callback?a',
  'https://app.example.com/callback?a=1&redirect_uri=https://evil.com',
  'https://app.example.com/callback#',
  'https://app.example.com/callback#a',
  'https://app.example.com:443/callback',
  'https://app.example.com:8443/callback',
  'https://app.example.com:/callback',
  'https://app.example.com:0443/callback',
  'https://app.example.com./callback',
  'https://@app.example.com/callback',
  'https://user@app.example.com/callback',
  'https://user:secret@app.example.com/callback',
  'https://app.example.com@evil.com/callback',
  'https://app.example.com:443@evil.com/callback',
  'https://evil.com@app.example.com@evil.com/callback',
  'https://evil.com#@app.example.com/callback',
  'https://evil.com?@app.example.com/callback',
  'https://evil.com\\@app.example.com/callback',
  'https://app.example.com.evil.com/callback',
  'https://evilapp.example.com/callback',
  'https://evil.app.example.com/callback',
  'https://example.com/callback',
  'https://*.example.com/callback',
  'https://аpp.example.com/callback',
  'https://app。example.com/callback',
  'https://app.example.com/callback ',
  ' https://app.example.com/callback',
  'https://app.example.com/call\tback',
  '\thttps://app.example.com/callback',
  'https://app.example.com/callback\n',
  'https://app.example.com/callback\0',
  'javascript:alert(1)//https://app.example.com/callback',
]

describe('beside a registered redirect URI', () => {
  test('the table has sixty others', () => assert.ok(new Set(others).size >= 60))

  for (const uri of others) {
    test(`${JSON.stringify(uri)} is refused (OP-02)`, () => {
      assert.equal(passes(uri, registered), false)
    })
  }

  test('the identical text alone passes (OP-02)', () => {
    assert.equal(passes(registered, registered), true)
    assert.equal(passes(registered, 'https://other.example.com/', registered), true)
    assert.equal(passes(registered), false)
    const near = fc.tuple(
      fc.nat(registered.length - 1),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(near, ([at, put]) => {
        const uri = registered.slice(0, at) + put + registered.slice(at + 1)
        return passes(uri, registered) === (uri === registered)
      }),
    )
  })

  test('one with a query passes with that query (OP-02)', () => {
    const withQuery = 'https://app.example.com/callback?tenant=1&b=%20'
    assert.equal(passes(withQuery, withQuery), true)
    for (const query of ['', '?tenant=1', '?b=%20&tenant=1', '?tenant=1&b=+']) {
      assert.equal(passes(registered + query, withQuery), false)
    }
  })
})

describe('on the loopback interface', () => {
  for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
    test(`the port of ${host} may be any, the path and the query not (OP-03)`, () => {
      for (const port of ['', ':7000']) {
        const uri = `http://${host}${port}/callback?a=1`
        for (const given of ['', ':1', ':80', ':7000', ':51004', ':65535']) {
          assert.equal(passes(`http://${host}${given}/callback?a=1`, uri), true, given)
        }
        for (const given of [':', ':0', ':65536', ':99999', ':123456', ':080', ':7000:1', ':+1']) {
          assert.equal(passes(`http://${host}${given}/callback?a=1`, uri), false, given)
        }
        for (const rest of [
          '',
          '/',
          '/callback',
          '/callback?a=2',
          '/callback?a=1#',
          '/callback/?a=1',
        ]) {
          assert.equal(passes(`http://${host}:7000${rest}`, uri), false, rest)
        }
        assert.equal(passes(`https://${host}:7000/callback?a=1`, uri), false)
        assert.equal(passes(`http://a@${host}:7000/callback?a=1`, uri), false)
        assert.equal(passes(`http://${host}:7000@evil.com/callback?a=1`, uri), false)
      }
    })
  }

  test('no spelling of an address stands for another, nor a name for an address (OP-03)', () => {
    const hosts = ['127.0.0.1', '[::1]', 'localhost']
    for (const host of hosts) {
      const uri = `http://${host}:7000/`
      const strangers = [
        ...hosts.filter((each) => each !== host),
        ...['127.1', '0.0.0.0', '127.0.0.2', '2130706433', '0x7f.0.0.1', '127.0.0.1.', '[::]'],
        ...['[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', 'LOCALHOST', 'localhost.', 'a.localhost'],
        ...['127.0.0.1.evil.com', 'localhost.evil.com', 'evil.com', '127.0.0.1@evil.com'],
      ]
      for (const stranger of strangers) {
        assert.equal(passes(`http://${stranger}:7000/`, uri), false, `${stranger} for ${host}`)
      }
    }
  })

  test('the port of no other host may differ (OP-03)', () => {
    assert.equal(passes('https://localhost:1/', 'https://localhost:2/'), false)
    assert.equal(passes('https://app.example.com:1/', 'https://app.example.com:2/'), false)
    assert.equal(passes('com.example.app://127.0.0.1:1/', 'com.example.app://127.0.0.1:2/'), false)
  })
})

describe('a redirect URI may be registered that is', () => {
  for (const uri of [
    'https://app.example.com',
    'https://app.example.com/',
    'https://app.example.com:8443/callback?tenant=1',
    'https://xn--bcher-kva.example/callback',
    'https://localhost:8443/test/a/portcullis/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:51004',
    'http://[::1]:51004/callback',
    'http://localhost:5173/callback',
    'com.example.app:/callback',
    'com.example.app://callback',
    'com.example.app:callback',
    'com.example-2.a+b:/oauth2/callback?x=y',
  ]) {
    test(uri, () => {
      assert.equal(redirectUriProblem(uri), null)
      assert.equal(passes(uri, uri), true)
    })
  }
})

describe('a redirect URI cannot be registered', () => {
  const rows: readonly (readonly [string, unknown, RegExp])[] = [
    ['that is no text', 1, /printable ASCII/],
    ['that is null', null, /printable ASCII/],
    ['that is empty', '', /printable ASCII/],
    ['with a space', 'https://a.example/a b', /printable ASCII/],
    ['with a line break', 'https://a.example/\n', /printable ASCII/],
    ['with letters of other alphabets', 'https://bücher.example/', /printable ASCII/],
    ['that is long', `https://a.example/${'a'.repeat(2000)}`, /at most 2000/],
    ['that is relative', '/callback', /absolute/],
    ['without a scheme', 'app.example.com/callback', /absolute/],
    ['without a host', 'https://', /absolute/],
    ['with a port that there cannot be', 'https://a.example:99999/', /absolute/],
    ['with a wildcard in the host', 'https://*.example.com/callback', /wildcard/],
    ['with a wildcard in the path', 'https://a.example/*', /wildcard/],
    ['with a wildcard in the port', 'http://127.0.0.1:*/', /absolute|wildcard/],
    ['with a wildcard in the query', 'https://a.example/?a=*', /wildcard/],
    ['with a fragment', 'https://a.example/#a', /fragment/],
    ['with an empty fragment', 'https://a.example/#', /fragment/],
    ['of javascript', 'javascript:alert(1)', /script or data/],
    ['of JavaScript', 'JavaScript:alert(1)', /script or data/],
    ['of JAVASCRIPT, with slashes', 'JAVASCRIPT://a.example/%0aalert(1)', /script or data/],
    ['of data', 'data:text/html,hello', /script or data/],
    ['of DATA', 'DATA:text/html,hello', /script or data/],
    ['with a scheme without a dot', 'myapp:/callback', /scheme with a dot/],
    ['of another scheme', 'ftp://a.example/', /scheme with a dot/],
    ['of a file', 'file:///etc/passwd', /scheme with a dot/],
    ['with a scheme of dots', 'com..app:/callback', /scheme with a dot/],
    ['with a scheme that ends in a dot', 'com.:/callback', /scheme with a dot/],
    ['by http to others', 'http://app.example.com/callback', /must be https/],
    ['by http to all interfaces', 'http://0.0.0.0/', /must be https/],
    ['by http to another address of loopback', 'http://127.0.0.2/', /must be https/],
    ['by http to a name below localhost', 'http://a.localhost/', /must be https/],
    ['by http to a name like an address', 'http://127.0.0.1.evil.com/', /must be https/],
    ['with a short address', 'http://127.1/', /as a browser writes it/],
    ['with a long address', 'http://[0:0:0:0:0:0:0:1]/', /as a browser writes it/],
    ['with the default port', 'https://a.example:443/', /as a browser writes it/],
    ['with a host in upper case', 'https://A.example/', /as a browser writes it/],
    ['with a scheme in upper case', 'HTTPS://a.example/', /as a browser writes it/],
    ['with an own scheme in upper case', 'com.example.App:/callback', /as a browser writes it/],
    ['with dots in the path', 'https://a.example/a/../b', /as a browser writes it/],
    ['with encoded dots in the path', 'https://a.example/%2e%2e/b', /as a browser writes it/],
    ['with backslashes', 'https:\\\\a.example\\', /as a browser writes it/],
    ['with one slash', 'https:/a.example/', /as a browser writes it/],
    ['with a query and no path', 'https://a.example?a=1', /as a browser writes it/],
    ['with a username', 'https://canary@a.example/', /username or a password/],
    ['with an empty username', 'https://@a.example/', /username or a password/],
    ['with a password', 'https://a:canary@a.example/', /username or a password/],
    ['with a username in an own scheme', 'com.example.app://canary@a/', /username or a password/],
  ]
  for (const [name, uri, says] of rows) {
    test(`${name} (OP-04)`, () => {
      const problem = redirectUriProblem(uri)
      assert.match(String(problem), says)
      assert.match(String(problem), /^must .*[^.]$/)
      assert.doesNotMatch(String(problem), /canary/)
    })
  }

  for (const name of [
    'code',
    'state',
    'iss',
    'error',
    'error_description',
    'error_uri',
    'c%6fde',
  ]) {
    test(`with the parameter ${name} (OP-17)`, () => {
      for (const query of [name, `${name}=1`, `a=1&${name}=`]) {
        assert.match(String(redirectUriProblem(`https://a.example/?${query}`)), /in its query/)
      }
      assert.equal(redirectUriProblem(`https://a.example/?a=${name}&x-${name}=1`), null)
    })
  }
})

test('after a log-out the identical text alone passes, also on the loopback interface', () => {
  const postLogoutRedirectUris = ['https://app.example.com/bye', 'http://127.0.0.1:7000/bye']
  const may = (uri: string) => isPostLogoutRedirectUriOf({ postLogoutRedirectUris }, uri)
  assert.deepEqual(postLogoutRedirectUris.map(may), [true, true])
  for (const uri of [
    'https://app.example.com/bye?a=1',
    'https://app.example.com/bye/',
    'https://app.example.com/',
    'http://127.0.0.1:7001/bye',
    '',
  ]) {
    assert.equal(may(uri), false, uri)
  }
})

test('the origin of a redirect URI is that of its pages, and an own scheme has none', () => {
  assert.equal(originOfRedirectUri('https://a.example/callback?a=1'), 'https://a.example')
  assert.equal(originOfRedirectUri('http://localhost:5173/callback'), 'http://localhost:5173')
  assert.equal(originOfRedirectUri('http://[::1]:51004/'), 'http://[::1]:51004')
  assert.equal(originOfRedirectUri('com.example.app://callback'), null)
})

test('a redirect URI on the loopback interface or of an own scheme is of an app on the device', () => {
  for (const uri of [
    'http://127.0.0.1:1/',
    'http://[::1]/',
    'http://localhost/',
    'com.example.a:/',
  ]) {
    assert.equal(isNativeRedirectUri(uri), true)
  }
  assert.equal(isNativeRedirectUri('https://app.example.com/'), false)
})

test('the address of a page is https, or http on this machine by name', () => {
  for (const uri of [
    'https://a.example/logo.svg?v=1',
    'https://a.example',
    'http://localhost:9000/logout',
    'http://127.0.0.1/',
    'http://[::1]:1/',
  ]) {
    assert.equal(webUriProblem(uri), null, uri)
  }
  for (const uri of [
    'http://a.example/',
    'http://127.0.0.1.evil.com/',
    'http://169.254.169.254/',
    'javascript:alert(1)',
    'data:image/svg+xml,x',
    'com.example.app:/logo',
    '/logo.svg',
    'https://a.example/#a',
    'https://u:canary@a.example/',
    'https://a.example/ä',
    '',
    7,
    null,
  ]) {
    assert.match(String(webUriProblem(uri)), /^must /, String(uri))
    assert.doesNotMatch(String(webUriProblem(uri)), /canary/)
  }
})
