// Nothing of a file is lost without a word.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation, run } from '../process.ts'

const nobody = 'Created 0 users, skipped 0 whose username is taken, refused 0.\n'

test('a file without users says so, and one without anything is refused', async () => {
  const directory = createInstallation()
  const rows = [
    ['csv', '', 65, 'There is nothing in the file.\n'],
    ['jsonl', '\ufeff\n \r\n', 65, 'There is nothing in the file.\n'],
    ['csv', 'username,password_hash\r\n', 0, 'There is no user in the file.\n'],
    ['json', '{"users":[]}', 0, 'There is no user in the file.\n'],
  ] as const
  for (const [format, input, code, stderr] of rows) {
    const words = ['user', 'import', '-', '--format', format]
    assert.deepEqual(
      await run(directory, words, { input }),
      { code, stdout: nobody, stderr },
      input,
    )
  }
})

test('fields that nothing is read of are named, and lines that end with CR are lines', async () => {
  const directory = createInstallation()
  const words = ['user', 'import', '-', '--format', 'csv']
  const input = 'username,shoe size\rann,38\rbob,45\r'
  assert.deepEqual(await run(directory, words, { input }), {
    code: 0,
    stdout:
      'Created 2 users (2 without a password), skipped 0 whose username is taken, refused 0.\n',
    stderr:
      'Nothing was read of the fields "shoe size": docs/importing-users.md lists those that are read.\n',
  })
})

test('a spreadsheet computes nothing of an export, and the import has the names again', async () => {
  const directory = createInstallation()
  const input = '{"username":"=1+1"}\n{"username":"+491"}\n{"username":"\'=1"}\n{"username":"a;=2"}'
  await run(directory, ['user', 'import', '-'], { input })
  const exported = await run(directory, ['user', 'export', '--format', 'csv'])
  const names = exported.stdout.split('\r\n').map((line) => line.split(',')[1])
  assert.deepEqual(names.slice(1, -1).sort(), ["''=1", "'+491", "'=1+1", '"a;=2"'].sort())
  const other = createInstallation()
  await run(other, ['user', 'import', '-', '--format', 'csv'], { input: exported.stdout })
  const again = await run(other, ['user', 'export', '--format', 'csv'])
  assert.equal(again.stdout, exported.stdout)
})
