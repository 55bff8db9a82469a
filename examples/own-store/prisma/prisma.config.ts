import { defineConfig } from 'prisma/config'

// biome-ignore lint/style/noDefaultExport: Prisma asks for it.
export default defineConfig({ schema: 'schema.prisma' })
