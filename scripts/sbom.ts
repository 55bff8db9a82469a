// Writes what is installed with the package or compiled into it (CycloneDX) to dist/sbom.cdx.json, from
// the lockfile alone.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listRuntimePackages, readManifests } from './supply-chain.ts'

const root = join(import.meta.dirname, '..')
const words = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
const bom = JSON.parse(
  execFileSync('npm', words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 }),
)
// npm takes the name of the directory, and leaves out with --omit=dev what Fastify itself needs.
bom.metadata.component.name = 'portcullis'
const own = bom.metadata.component['bom-ref']
const wanted = new Set(
  listRuntimePackages(readManifests(root)).map(({ name, version }) => `${name}@${version}`),
)
const isWanted = (ref: string): boolean => wanted.has(ref) || ref === own
bom.components = bom.components.filter((each: { 'bom-ref': string }) => isWanted(each['bom-ref']))
for (const component of bom.components) {
  // What is compiled in is no part of development alone.
  component.properties = component.properties?.filter(
    ({ name }: { name: string }) => name !== 'cdx:npm:package:development',
  )
}
bom.dependencies = bom.dependencies
  .filter(({ ref }: { ref: string }) => isWanted(ref))
  .map(({ ref, dependsOn }: { ref: string; dependsOn: readonly string[] }) => ({
    ref,
    dependsOn: dependsOn.filter(isWanted),
  }))
writeFileSync(join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`)
