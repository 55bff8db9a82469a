interface WorkersModule {
  waitUntil(work: Promise<unknown>): void
}

/**
 * Lets work continue after the request that began it is answered, or its client has gone. Cloudflare Workers
 * stop such work unless they are told of it. Every other runtime continues by itself.
 */
export function outliveRequest(work: Promise<void>): void {
  const workers: object | undefined = process.getBuiltinModule('cloudflare:workers')
  if (workers) (workers as WorkersModule).waitUntil(work)
}
