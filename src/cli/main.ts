#!/usr/bin/env node
// Imports nothing that needs the runtime it checks for: an old Node would stop at the import with an
// unclear message.

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(`Portcullis needs Node.js 24 or newer; this is ${process.version}.`)
  process.exitCode = 78
} else {
  const { keepCompiledCode } = await import('./quick-start.ts')
  keepCompiledCode()
  const { run } = await import('./program.ts')
  await run(process.argv)
}
