/** A user to be created: with a password, or with the hash that an older system made of one. */
export type NewUser = {
  /**
   * 1 to 254 letters, digits or ASCII signs, without spaces, from one script. It is stored in lower case
   * and narrow letters: `Alice` and `alice` are one user.
   */
  readonly username: string
  /** Default: the `defaultRole` of `createAuth`. */
  readonly role?: string
} & (
  | {
      /** Judged by the policy. Null for a user who cannot log in with a password. */
      readonly password: string | null
      readonly passwordHash?: never
    }
  | {
      /**
       * A hash in any format that `docs/importing-users.md` lists. No policy applies: nobody knows the
       * password. The first good login replaces an outdated hash.
       */
      readonly passwordHash: string
      readonly password?: never
    }
)
