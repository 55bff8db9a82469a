import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { readEnvironment } from '../../../src/server/settings/environment.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-lines-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, '.env')

function read(text: string): ReturnType<typeof readEnvironment> {
  writeFileSync(file, text)
  return readEnvironment(file)
}

function problemsOf(text: string): readonly string[] {
  try {
    read(text)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

test('a line of .env that would be passed over or half read is a mistake, told by its number and not its value', () => {
  for (const [line, wrong] of [
    ['DATABASE_URL postgres://canary', 'is no assignment'],
    ['DATABASE_URL: postgres://canary', 'is no assignment'],
    ['DATABASE URL=postgres://canary', 'is no assignment'],
    ['export\tDATABASE_URL=postgres://canary', 'is no assignment'],
    ['\u00A0DATABASE_URL=postgres://canary', 'is no assignment'],
    ['=canary', 'is no assignment'],
    ['export DATABASE_URL', 'is no assignment'],
    ['SECRET_KEY="canary#tail', 'opens a quote'],
    ["SECRET_KEY='canary", 'opens a quote'],
    ['SECRET_KEY=`canary', 'opens a quote'],
    ['SECRET_KEY="canary" x', 'has text after the closing quote'],
    ['SECRET_KEY="canary"#x', 'has text after the closing quote'],
    [`ISSUER='https://canary'"b"`, 'has text after the closing quote'],
  ] as const) {
    for (const end of ['\n', '\r\n']) {
      const lines = ['# the server', 'PORT=1', line, 'HOST=::1', '']
      const problems = problemsOf(lines.join(end))
      assert.equal(problems.length, 1, line)
      assert.equal(problems[0]?.startsWith(`Line 3 of ${file} ${wrong}`), true, line)
      assert.doesNotMatch(problems.join(), /canary/)
    }
  }
})

test('every such line of .env is told at once', () => {
  const problems = problemsOf('PORT 1\nHOST="a\nb" c\nHOST=x\nISSUER\n')
  assert.deepEqual(
    problems.map((problem) => /^Line \d+/.exec(problem)?.[0]),
    ['Line 1', 'Line 2', 'Line 5'],
  )
})

test('a .env whose lines end with a carriage return alone is a mistake', () => {
  const problems = problemsOf('PORT=1\rDATABASE_URL=postgres://canary\r')
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /^Line 1 of .* carriage return alone: save the file/)
})

test('a .env may have blank lines, comments, export, blanks, and quotes over several lines', () => {
  const environment = read(
    [
      '',
      ' \t',
      "  # it's a comment",
      'export LINES_A=1',
      "  LINES_B = 'b # b'  # it's so",
      'LINES_C="first',
      'second line, no assignment"',
      'LINES_D=',
      'LINES_E=x "y" z',
      `LINES_F=\`'"\``,
    ].join('\r\n'),
  )
  assert.deepEqual(
    ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => environment[`LINES_${name}`]),
    ['1', 'b # b', 'first\nsecond line, no assignment', '', 'x "y" z', `'"`],
  )
})

test('a line of .env with nothing but blanks after its = is empty, and takes nothing of the next', () => {
  const environment = read("LINES_G= \nLINES_H='1'\nLINES_I=\t\r\n\r\nLINES_J=2\n")
  assert.deepEqual(
    ['G', 'H', 'I', 'J'].map((name) => environment[`LINES_${name}`]),
    ['', '1', '', '2'],
  )
})
