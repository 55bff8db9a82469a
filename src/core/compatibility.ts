import { record, recordOf, required, type Shape } from './options.ts'

/** Another system whose clients an application keeps, so that its HTTP answers are that system's. */
export interface Compatibility {
  /** The system. */
  readonly like: 'fastapi'
  /**
   * The status of a login with a wrong username or password. FastAPI's tutorial for JWT tokens has 401, the
   * one for scopes 400. Default 401.
   */
  readonly incorrectPassword?: 400 | 401
}

const system: Shape = { words: "'fastapi'", accepts: (value) => value === 'fastapi' }

/** The option `compatibility`: the name of the system, or the long form. */
export const compatibilityShape: Shape = {
  ...recordOf<Compatibility>({
    like: required(system, "The option compatibility.like is missing: pass 'fastapi'."),
    incorrectPassword: {
      words: '400 or 401',
      accepts: (value) => value === 400 || value === 401,
    },
  }),
  words: "'fastapi', or an object such as { like: 'fastapi', incorrectPassword: 400 }",
  accepts: (value) => system.accepts(value) || record.accepts(value),
}

/** The option in its long form; null without it. */
export function readCompatibility(
  option: Compatibility['like'] | Compatibility | undefined,
): Compatibility | null {
  return typeof option === 'string' ? { like: option } : (option ?? null)
}
