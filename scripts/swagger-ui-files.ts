// Puts the files of Swagger UI that the documentation needs beside our code, compressed: a browser takes them
// so, and an installation has a third of the bytes.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'
import { swaggerUiFiles } from '../src/fastify/swagger-ui-files.ts'
import { copiedFrom } from './compiled-in.ts'

const source = join(import.meta.dirname, '../node_modules', copiedFrom, 'static')

/** Writes each file with `.gz` behind its name. */
export function copySwaggerUi(directory: string): void {
  mkdirSync(directory, { recursive: true })
  for (const name of Object.keys(swaggerUiFiles)) {
    const compressed = gzipSync(readFileSync(join(source, name)), {
      level: constants.Z_BEST_COMPRESSION,
    })
    writeFileSync(join(directory, `${name}.gz`), compressed)
  }
}

/** What the licence of Swagger UI asks to be passed on: its text is that of our own. */
export function swaggerUiNotice(): string {
  const manifest = join(import.meta.dirname, '../node_modules', copiedFrom, 'package.json')
  const { devDependencies } = JSON.parse(readFileSync(manifest, 'utf8'))
  const version: string = devDependencies['swagger-ui-dist']
  return `swagger-ui-dist ${version} (Apache-2.0)

Copyright 2020-2021 SmartBear Software Inc. Its files are in dist/swagger-ui, compressed and otherwise
as ${copiedFrom} has them. The licence is in the file LICENSE.
`
}
