// Writes the pages of docs that are made from the code.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeRoutes } from './http-api.ts'
import { describeLibrary } from './library-api.ts'
import { describeOptions } from './options.ts'

const docs = join(import.meta.dirname, '../docs')
writeFileSync(join(docs, 'library-api.md'), describeLibrary())
writeFileSync(join(docs, 'options.md'), describeOptions())
writeFileSync(join(docs, 'http-api.md'), await describeRoutes())
