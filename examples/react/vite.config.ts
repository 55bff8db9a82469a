import react from '@vitejs/plugin-react'
import type { UserConfig } from 'vite'

// One origin for the page and the server, as a reverse proxy makes it, so that no CORS is needed.
const target = process.env.API ?? 'http://localhost:8000'

const config: UserConfig = {
  plugins: [react()],
  server: { proxy: { '/auth': target, '/me': target, '/admin': target } },
}
// biome-ignore lint/style/noDefaultExport: Vite looks for it
export default config
