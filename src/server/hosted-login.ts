import type { HostedLogin } from '../core/authorization/hosted-login.ts'
import type { Config } from './settings/settings.ts'

/** The option `hostedLogin` of a configuration; undefined if it is off, and then nothing of it is loaded. */
export async function hostedLoginOption(config: Config): Promise<HostedLogin | undefined> {
  if (!config.hostedLogin) return undefined
  const { staySignedIn, backchannelHosts } = config
  const { hostedLogin } = await import('../hosted-login/hosted-login.ts')
  return hostedLogin({
    ...(staySignedIn > 0 && { staySignedIn }),
    backchannel: { allowHosts: backchannelHosts },
  })
}
