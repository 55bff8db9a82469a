import type { EventType } from './event-kind.ts'

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
  | 'breach_check_failed'
  | 'authn_token_created'
  | 'authn_token_repeated'
  | 'authn_token_retried'
  | 'authn_token_reuse'
  | 'authn_token_wrong_client'
  | 'authn_code_reuse'
  | 'authn_client_fail'
  | 'authn_client_throttled'
  | 'authz_client_fail'
  | 'authz_consent_granted'
  | 'authz_consent_revoked'
  | 'authz_request_refused'
  | 'step_up'
  | 'factor_added'
  | 'factor_renamed'
  | 'factor_removed'
  | 'factor_fail'
  | 'factor_locked'
  | 'passkey_counter_back'
  | 'recovery_code_used'
  | 'recovery_codes_made'
  | 'session_ended'
  | 'sessions_ended'
  | 'authn_logout_notice_failed'
  | 'user_created'
  | 'users_imported'
  | 'user_updated'
  | 'user_fields_changed'
  | 'username_changed'
  | 'email_changed'
  | 'user_deleted'
  | 'privilege_permissions_changed'
  | 'user_registered'
  | 'user_invited'
  | 'invitation_withdrawn'
  | 'password_reset_requested'
  | 'user_deletion_requested'
  | 'user_deletion_cancelled'
  | 'api_key_created'
  | 'api_key_ended'
  | 'identity_linked'
  | 'identity_unlinked'
  | 'client_created'
  | 'client_updated'
  | 'client_secret_changed'
  | 'client_removed'
  | 'key_rotated'
  | 'key_retired'
  | 'secrets_resealed'
  | 'mail_failed'
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
    says: 'Too many attempts on a user failed in a row. Until somebody unlocks the user, every attempt is refused.',
    outcome: failure,
    bounded: true,
  },
  authn_login_unlock: {
    says: 'A user was unlocked: the waits and the lock are over.',
    outcome: success,
  },
  authn_password_change: { says: 'A password was set.', outcome: success },
  authn_password_change_fail: {
    says: 'A change of password was refused: the old one was wrong.',
    outcome: failure,
    bounded: true,
  },
  breach_check_failed: {
    says: 'A new password could not be looked up among the breached ones, and was not refused for it.',
    outcome: failure,
    bounded: true,
  },
  authn_token_created: {
    says: 'New tokens were issued without a login: for a refresh token or a code, or to a client for itself.',
    outcome: success,
    passing: true,
  },
  authn_token_repeated: {
    says: 'A refresh token was presented again within the grace, and answered with the same successor.',
    outcome: success,
    passing: true,
  },
  authn_token_retried: {
    says: 'A refresh token was presented again after the grace, and its successor had never been used: the answer was lost. It got another successor, and the unused one was ended.',
    outcome: success,
    bounded: true,
  },
  authn_token_reuse: {
    says: 'A refresh token was presented whose successor is used, or that was itself ended, or after all time for retries: somebody holds a copy. The session was revoked.',
    outcome: failure,
  },
  authn_token_wrong_client: {
    says: 'A client presented a token of another client’s session, or a code that another client got. That session and that code stay valid.',
    outcome: failure,
    bounded: true,
  },
  authn_code_reuse: {
    says: 'An authorization code was presented again. The session that it had been exchanged for was revoked.',
    outcome: failure,
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
    says: 'A client may not use the grant that it asked for, or may not introspect tokens.',
    outcome: failure,
    bounded: true,
  },
  authz_consent_granted: {
    says: 'A user allowed a client something. `scope` has all that the user has allowed it by now.',
    outcome: success,
  },
  authz_consent_revoked: {
    says: 'What a user had allowed a client was withdrawn. Its sessions and codes of the user were ended.',
    outcome: success,
  },
  authz_request_refused: {
    says: 'A request for a login by browser had a mistake. The reason says which.',
    outcome: failure,
    passing: true,
  },
  step_up: {
    says: 'The user of a session authenticated again, for something that needs a recent login.',
    outcome: success,
  },
  factor_added: {
    says: 'A user set up a second factor. With the first one every other session of the user was revoked.',
    outcome: success,
  },
  factor_renamed: { says: 'A user gave a second factor another name.', outcome: success },
  factor_removed: {
    says: 'A second factor was removed, or all of a user. `all` and the actor say which, and by whom.',
    outcome: success,
  },
  factor_fail: {
    says: 'A second factor was refused. The reason says why.',
    outcome: failure,
    bounded: true,
  },
  factor_locked: {
    says: 'Too many second factors of a user were wrong in a row. Codes of apps are refused until a recovery code is used, the factors are reset, or the user is unlocked.',
    outcome: failure,
    bounded: true,
  },
  passkey_counter_back: { says: 'The counter of a synced passkey went back.', outcome: success },
  recovery_code_used: {
    says: 'A user showed a recovery code as the second factor. `left` says how many there still are.',
    outcome: success,
  },
  recovery_codes_made: {
    says: 'A user got new recovery codes. The older ones are refused.',
    outcome: success,
  },
  session_ended: {
    says: 'A session was revoked by a log-out, or by an administrator.',
    outcome: success,
  },
  sessions_ended: { says: 'A user was logged out everywhere.', outcome: success },
  authn_logout_notice_failed: {
    says: 'A client could not be told of a log-out. `given_up` says whether that is tried again.',
    outcome: failure,
    passing: true,
  },
  user_created: { says: 'A user was created.', outcome: success },
  users_imported: {
    says: 'Users of an older system were created, in one transaction.',
    outcome: success,
  },
  user_fields_changed: {
    says: 'The application’s own fields of a user were changed. `changed` has the names of the members.',
    outcome: success,
  },
  user_updated: {
    says: 'A user was deactivated, reactivated, suspended or resumed.',
    outcome: success,
  },
  username_changed: { says: 'A user got another username.', outcome: success },
  user_deleted: { says: 'A user was deleted.', outcome: success },
  privilege_permissions_changed: { says: 'The role of a user was changed.', outcome: success },
  user_registered: {
    says: 'Somebody became a user, behind a link that was mailed or handed over.',
    outcome: success,
  },
  user_invited: {
    says: 'Somebody was invited, or got a new link. `link_shown` says whether it was handed over.',
    outcome: success,
  },
  invitation_withdrawn: { says: 'An invitation was withdrawn.', outcome: success },
  password_reset_requested: {
    says: 'An administrator made or sent a link for a new password.',
    outcome: success,
  },
  email_changed: {
    says: 'The e-mail address of a user was set, verified, removed or put back. The event does not hold it.',
    outcome: success,
  },
  user_deletion_requested: {
    says: 'A user asked for the end of the account, which comes after a delay.',
    outcome: success,
  },
  user_deletion_cancelled: {
    says: 'A user logged in before the account was deleted, and keeps it.',
    outcome: success,
  },
  api_key_created: {
    says: 'A user made an API key. `key` is its id, and `scope` what it may do.',
    outcome: success,
  },
  api_key_ended: {
    says: 'An API key was ended by its user, or by an administrator. `key` is its id.',
    outcome: success,
  },
  identity_linked: {
    says: 'An identity at another issuer was linked to a user.',
    outcome: success,
  },
  identity_unlinked: {
    says: 'An identity at another issuer was unlinked from a user.',
    outcome: success,
  },
  client_created: { says: 'A client was registered.', outcome: success },
  client_updated: {
    says: 'The name of a client, or what it may do, was changed. If it may do less, its sessions were revoked.',
    outcome: success,
  },
  client_secret_changed: {
    says: 'A client got a new secret. The old one is refused.',
    outcome: success,
  },
  client_removed: {
    says: 'A client was removed, and its sessions were revoked.',
    outcome: success,
  },
  key_rotated: {
    says: 'A signing key was made and published. The database says when it begins to sign.',
    outcome: success,
  },
  key_retired: {
    says: 'A signing key was retired. Every access token that it signed is refused.',
    outcome: success,
  },
  secrets_resealed: { says: 'Secrets were sealed again under the key of today.', outcome: success },
  mail_failed: {
    says: 'A mail was given up: the relay refused it, or it expired before it could be sent.',
    outcome: failure,
    bounded: true,
  },
  issuer_keys_failed: {
    says: 'The keys of another issuer could not be fetched. Known keys stay trusted for a while.',
    outcome: failure,
    passing: true,
  },
  sys_startup: { says: 'A process began to serve.', outcome: success },
  sys_shutdown: { says: 'A process was told to stop, and stopped serving.', outcome: success },
  sys_restored: {
    says: 'The database was restored to an earlier state, and every session and token was revoked.',
    outcome: success,
  },
}
