import { OAuthError } from '../core/errors.ts'
import { formMaxBytes, parseForm } from './form.ts'
import type { EndpointRequest } from './mounted-endpoint.ts'

/** The fields of a form that a page has sent; or the status of its refusal. */
export async function readPostedForm({
  header,
  readBody,
}: Pick<EndpointRequest, 'header' | 'readBody'>): Promise<
  ReadonlyMap<string, string> | 400 | 413 | 415
> {
  const body = await readBody(formMaxBytes)
  if (body === null) return 413
  if ((header('content-encoding') ?? 'identity') !== 'identity') return 415
  try {
    return parseForm(header('content-type'), body)
  } catch (error) {
    if (error instanceof OAuthError) return 400
    throw error
  }
}
