/** From where somebody asks for something. */
export interface RequestOrigin {
  /** The IP address, which requests are limited by. */
  readonly address?: string | undefined
  /** What the program calls itself (`User-Agent`). Default unknown. */
  readonly userAgent?: string | undefined
  /** The id of the request, for the event. Default none. */
  readonly requestId?: string | undefined
  /** The languages of the reader (`Accept-Language`). Default: the one of the options. */
  readonly locale?: string | null | undefined
}
