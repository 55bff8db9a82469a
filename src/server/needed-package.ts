import { ConfigError } from '../core/errors.ts'

/**
 * Loads what needs a package that is installed by those who use it.
 *
 * @throws {ConfigError} that names the package and the setting which asks for it, if it is not there.
 */
export async function needing<T>(
  name: string,
  setting: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigError([`${setting} needs the package ${name}: run npm install ${name}.`], {
      cause: error,
    })
  }
}
