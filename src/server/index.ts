// The public surface of `portcullis/server`.

export { type AppOptions, buildApp } from './app.ts'
export { type Config, type LogLevel, readConfig, readEnvironment } from './config.ts'
export { openAuth } from './open-auth.ts'
export { createSetup, type Setup } from './setup.ts'
export { type RunningServer, startServer } from './start.ts'
export type { TrustedProxies } from './trusted-proxies.ts'
