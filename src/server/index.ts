// The public surface of `portcullis/server`.

export { type AppOptions, buildApp } from './app.ts'
export { openAuth } from './open-auth.ts'
export { readConfig } from './settings/config.ts'
export { readEnvironment } from './settings/environment.ts'
export type { LogLevel } from './settings/monitoring.ts'
export type { Config } from './settings/settings.ts'
export type { TrustedProxies } from './settings/trusted-proxies.ts'
export { createSetup, createSetupGrant, type Setup, type SetupGrant } from './setup.ts'
export { type RunningServer, type StartOptions, startServer } from './start.ts'
