// The public surface of `portcullis/server`.

export { type AppOptions, buildApp } from './app.ts'
export { type Config, type LogLevel, readConfig, readEnvironment } from './config.ts'
export { openAuth } from './open-auth.ts'
export { createSetup, createSetupGrant, type Setup, type SetupGrant } from './setup.ts'
export { type RunningServer, type StartOptions, startServer } from './start.ts'
export type { TrustedProxies } from './trusted-proxies.ts'
