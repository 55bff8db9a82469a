/** A kind of event. */
export interface EventType {
  /** One sentence: what happened. */
  readonly says: string
  /** Whether the event tells of a success or of a refusal. */
  readonly outcome: 'success' | 'failure'
  /** A client that is not logged in can cause it again and again, or an outage, so only a limited number is stored. */
  readonly bounded?: true
  /** Heard and logged, not stored: nothing was changed, and there are many. */
  readonly passing?: true
}
