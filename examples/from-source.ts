// Lets the examples import the package from `src`, without a build:
// `node --import ./examples/from-source.ts examples/quickstart/app.ts`

import { registerHooks } from 'node:module'
import manifest from '../package.json' with { type: 'json' }

const entries: Readonly<Record<string, unknown>> = manifest.exports

registerHooks({
  resolve(specifier, context, next) {
    const entry = /^portcullis(?=\/|$)/.test(specifier)
      ? entries[specifier.replace('portcullis', '.')]
      : undefined
    if (typeof entry !== 'object') return next(specifier, context)
    const { default: file } = entry as { readonly default: string }
    const source = file.replace('./dist/', '../src/').replace(/\.js$/, '.ts')
    return next(new URL(source, import.meta.url).href, context)
  },
})
