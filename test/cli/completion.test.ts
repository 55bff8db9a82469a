import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDirectory, run } from './process.ts'

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await run(createDirectory(), ['completion', shell])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  return stdout
}

test('bash completes commands, their commands and their options', {
  skip: has('bash') ? false : 'not checked: there is no bash here',
}, async () => {
  const script = join(createDirectory(), 'completion.bash')
  writeFileSync(script, await scriptFor('bash'))
  const complete = (...words: readonly string[]): readonly string[] => {
    const line = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _portcullis; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p portcullis`
    const { stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', line, 'bash', script, 'portcullis', ...words],
      { encoding: 'utf8' },
    )
    assert.equal(stderr, '')
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.pop(), 'complete -F _portcullis portcullis')
    return lines.filter(Boolean)
  }
  assert.deepEqual(complete('us'), ['user'])
  assert.deepEqual(complete('user', 'pas'), ['passwd'])
  assert.deepEqual(complete('user', 'add', 'alice', '--r'), ['--role'])
  assert.deepEqual(complete('key', 'rotate', '--'), ['--now', '--help'])
  assert.ok(complete('').includes('doctor'))
  assert.ok(!complete('').includes('worker'))
  assert.deepEqual(complete('no-such-command', 'us'), ['user'], 'it is taken for an argument')
})

for (const shell of ['zsh', 'fish']) {
  test(`${shell} finds no mistake in its script`, {
    skip: has(shell) ? false : `not checked: there is no ${shell} here`,
  }, async () => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: await scriptFor(shell) })
    assert.equal(status, 0, String(stderr))
  })

  test(`the script for ${shell} names every command`, async () => {
    const script = await scriptFor(shell)
    for (const words of ['user passwd', 'client secret', 'session end', 'doctor']) {
      assert.ok(script.includes(`'${words}'`), words)
    }
  })
}

test('another shell is refused with those that are known', async () => {
  const { code, stderr } = await run(createDirectory(), ['completion', 'tcsh'])
  assert.equal(code, 64)
  assert.match(stderr, /bash, zsh, fish/)
})
