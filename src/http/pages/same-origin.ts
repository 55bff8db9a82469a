/**
 * True if a browser sent a form from a page of the same origin, and no page of another site has made it.
 *
 * No cookie is sent along, so a foreign form could only do what its author can do too. But it would do so from
 * the address of its victim, which requests are limited by.
 *
 * Modern browsers say it in `Sec-Fetch-Site`. Where that is missing `Origin` is compared. These pages ask for
 * no referrer, which makes `Origin` of the browsers without it `null`: such a form is refused. By plain http a
 * browser sends neither, and nothing there is protected: such a form is taken.
 */
export function isSentFromHere(
  header: (name: string) => string | undefined,
  issuer: string,
): boolean {
  const site = header('sec-fetch-site')
  // `none`: the person did it, such as by loading the answer again.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = header('origin') ?? 'null'
  if (origin === 'null') return !/^https:/i.test(issuer)
  return origin === URL.parse(issuer)?.origin || URL.parse(origin)?.host === header('host')
}
