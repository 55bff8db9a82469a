/** A kind of event. */
export interface EventType {
  /** One sentence: what happened. */
  readonly says: string
  /** Whether the event tells of a success or of a refusal. */
  readonly outcome: 'success' | 'failure'
  /**
   * Who has not logged in can cause it, again and again: only so many are stored, see `createEventBudget`.
   */
  readonly bounded?: true
  /** Heard and logged, not stored: nothing was changed, and there are many. */
  readonly passing?: true
}

/**
 * What can happen, in the words of OWASP's logging vocabulary where it has one. The names are stable:
 * alerts may be built on them.
 */
export type AuthEventType =
  | 'authn_login_success'
  | 'authn_login_fail'
  | 'authn_login_throttled'
  | 'authn_login_lock'
  | 'authn_login_unlock'
  | 'authn_password_change'
  | 'authn_password_change_fail'
  | 'authn_token_created'
  | 'authn_token_repeated'
  | 'authn_token_reuse'
  | 'authn_token_wrong_client'
  | 'authn_client_fail'
  | 'authn_client_throttled'
  | 'authz_client_fail'
  | 'session_ended'
  | 'sessions_ended'
  | 'user_created'
  | 'users_imported'
  | 'user_updated'
  | 'user_deleted'
  | 'privilege_permissions_changed'
  | 'identity_linked'
  | 'identity_unlinked'
  | 'client_created'
  | 'client_updated'
  | 'client_secret_changed'
  | 'client_removed'
  | 'key_rotated'
  | 'key_retired'
  | 'issuer_keys_failed'
  | 'sys_startup'
  | 'sys_shutdown'
  | 'sys_restored'

const success = 'success'
const failure = 'failure'

/** What is fixed about each kind of event. */
export const eventTypes: Readonly<Record<AuthEventType, EventType>> = {
  authn_login_success: { says: 'A user logged in.', outcome: success },
  authn_login_fail: { says: 'A login was refused.', outcome: failure, bounded: true },
  authn_login_throttled: {
    says: 'A login was answered with a wait, because too many had failed before.',
    outcome: failure,
    bounded: true,
  },
  authn_login_lock: {
    says: 'So many attempts on a user failed in a row that none is looked at any more, until somebody unlocks the user.',
    outcome: failure,
    bounded: true,
  },
  authn_login_unlock: {
    says: 'The waits and the lock of a user were ended by hand.',
    outcome: success,
  },
  authn_password_change: { says: 'A password was set.', outcome: success },
  authn_password_change_fail: {
    says: 'A change of password was refused: the old one was wrong.',
    outcome: failure,
    bounded: true,
  },
  authn_token_created: {
    says: 'New tokens were issued without a login: for a refresh token, or to a client for itself.',
    outcome: success,
    passing: true,
  },
  authn_token_repeated: {
    says: 'A refresh token was presented again within the grace, and answered with the same successor.',
    outcome: success,
    passing: true,
  },
  authn_token_reuse: {
    says: 'A refresh token was presented again after its time: somebody holds a copy. The session ended.',
    outcome: failure,
  },
  authn_token_wrong_client: {
    says: 'A client presented a token of another client’s session, which goes on.',
    outcome: failure,
    bounded: true,
  },
  authn_client_fail: {
    says: 'A client was refused: its secret was wrong or missing, or there is no such client.',
    outcome: failure,
    bounded: true,
  },
  authn_client_throttled: {
    says: 'A client was answered with a wait, because too many secrets had been wrong before.',
    outcome: failure,
    bounded: true,
  },
  authz_client_fail: {
    says: 'A client asked for what it may not have: a grant, or to introspect tokens.',
    outcome: failure,
    bounded: true,
  },
  session_ended: {
    says: 'A session was ended on purpose: a log-out, or an administrator’s doing.',
    outcome: success,
  },
  sessions_ended: { says: 'A user was logged out everywhere.', outcome: success },
  user_created: { says: 'A user was created.', outcome: success },
  users_imported: {
    says: 'Users of an older system were created, so many at once.',
    outcome: success,
  },
  user_updated: { says: 'A user was deactivated or reactivated.', outcome: success },
  user_deleted: { says: 'A user was deleted.', outcome: success },
  privilege_permissions_changed: { says: 'The role of a user was changed.', outcome: success },
  identity_linked: {
    says: 'An identity at another issuer was linked to a user.',
    outcome: success,
  },
  identity_unlinked: { says: 'Such a link was ended.', outcome: success },
  client_created: { says: 'A client was registered.', outcome: success },
  client_updated: {
    says: 'What a client may do, or its name, was changed; if it may do less, its sessions ended.',
    outcome: success,
  },
  client_secret_changed: {
    says: 'A client was given a new secret, and the old one is refused.',
    outcome: success,
  },
  client_removed: { says: 'A client was removed, and its sessions ended.', outcome: success },
  key_rotated: {
    says: 'A signing key was made and published; when it signs, the store knows.',
    outcome: success,
  },
  key_retired: {
    says: 'A signing key was ended on purpose, and all its access tokens with it.',
    outcome: success,
  },
  issuer_keys_failed: {
    says: 'The keys of another issuer could not be fetched; those known are believed for a while.',
    outcome: failure,
    passing: true,
  },
  sys_startup: { says: 'A process began to serve.', outcome: success },
  sys_shutdown: { says: 'A process stopped serving, as it was told to.', outcome: success },
  sys_restored: {
    says: 'The database was brought back to an earlier state, and every session and token ended.',
    outcome: success,
  },
}
