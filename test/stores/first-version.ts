// Databases as the first versions made them, with what they held, and tokens that they issued. Never
// changed: whatever comes later must go on reading them.

import { readFileSync } from 'node:fs'

/** The steps that had been taken, in their order. */
export const oldSteps = ['0001_users_and_keys', '0002_sessions'] as const
export type OldStep = (typeof oldSteps)[number]

/** The statements that make a database as it was after a step; the same for both engines. */
export function statementsUpTo(last: OldStep): string {
  return oldSteps
    .slice(0, oldSteps.indexOf(last) + 1)
    .map((name) => readFileSync(new URL(`first-version/${name}.sql`, import.meta.url), 'utf8'))
    .join('\n')
}

/** The columns of that version, without later ones. */
export const oldColumns: Readonly<Record<string, string>> = {
  users: 'id, username, password_hash, role, active, created_at, security_stamp',
  signing_keys: 'id, algorithm, sealed_private_key, created_at',
  sessions:
    'id, user_id, client_id, scope, generation, rotated_at, created_at, expires_at, revoked_at, security_stamp, label, address',
}

/** When the rows and tokens were made: seconds since 1970. */
export const madeAt = 1_800_000_060
export const issuer = 'https://auth.example.com'
export const keyEncryptionKey: Uint8Array = new Uint8Array(32).fill(7)

/** The password of all who have one. */
export const oldPassword = 'correct horse battery staple'

/** Of alice, before there were sessions. */
export const accessTokenWithoutSession =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ijd1MzVFdlJnSkhuZFNjRHhsQ09zZ0FnOW5Uc2FXWFVkTGhZazBQeEZSZ28ifQ.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iLCJzdWIiOiIwMWEyMGVlOS1jMmQ3LTc3MTEtYjhjZi1hZThmNWNkMjQ0YWYiLCJhdWQiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iLCJleHAiOjE4MDAwMDA5MDAsImlhdCI6MTgwMDAwMDAwMCwianRpIjoiYzhjMTY2ZDktM2EyMS00NTNhLWJiZTUtNzczYWM3OGU2YzU2IiwiY2xpZW50X2lkIjoiZmlyc3QtcGFydHkiLCJzY29wZSI6IioiLCJyb2xlcyI6WyJhZG1pbiJdLCJzdGFtcCI6Im5uUnFobHdhcGtaLWlHWnEifQ.QAffc-oFanlV6GzlyTuFtIoyS5D4Td4fG1ZtHXoRXj6k_mB9DiJC4fjvDO0xk_qKrncsZhjxTv5vUYmRKsRVjw'

/** Of alice, in a session. */
export const accessTokenOfSession =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ijd1MzVFdlJnSkhuZFNjRHhsQ09zZ0FnOW5Uc2FXWFVkTGhZazBQeEZSZ28ifQ.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iLCJzdWIiOiIwMWEyMGVlOS1jMmQ3LTc3MTEtYjhjZi1hZThmNWNkMjQ0YWYiLCJhdWQiOiJodHRwczovL2F1dGguZXhhbXBsZS5jb20iLCJleHAiOjE4MDAwMDA5NjAsImlhdCI6MTgwMDAwMDA2MCwianRpIjoiOWYxYjBjMTMtNTliOS00NWM0LWJiYmItZTZjMjRhMWM0OTE2IiwiY2xpZW50X2lkIjoiZmlyc3QtcGFydHkiLCJzY29wZSI6IioiLCJyb2xlcyI6WyJhZG1pbiJdLCJzaWQiOiIwMWEyMGVlOS1jNmY2LTc2MDQtYjdkYy04YWQ1OTU3ZDFlZjUifQ.Zqu6PWoecfvq-Wm1agcJnuxvLS95lW8_lbg6FT_l3gueLvSsCLiGYV5qfFwPuyTLsFBIPe78yVBctCG2YS0ysg'

/** The newest of alice's session, and of one that she ended. */
export const refreshToken =
  'prt_01a20ee9-c6f6-7604-b7dc-8ad5957d1ef5.1.tgY2_LqNwobh4DCI9B4lfehN3mBEXFo_tauiBN2HRE0'
export const refreshTokenOfEnded =
  'prt_01a20ee9-c718-73c0-bdf9-79b1298b5818.0.-LKNOjYzMuOIx6XEzDYGWxZ3V_DZtoJYqq23ZWeD0h0'
