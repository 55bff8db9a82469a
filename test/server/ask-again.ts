/** How often a request is sent, if it is answered with 503. */
const mostTries = 20

/**
 * The answer to a request. On a busy machine the database may not answer in time: that is 503, and a client then asks
 * again.
 */
export async function askAgain<Answer extends { readonly statusCode: number }>(
  send: () => PromiseLike<Answer>,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await send()
    if (answer.statusCode !== 503 || tries === mostTries) return answer
  }
}
