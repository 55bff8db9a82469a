// What the tests of an application need: the public surface of `portcullis/testing`.

export type { KeptMail, Mailbox } from '../core/mail/mailbox.ts'
export {
  type ActAsOptions,
  createTestAuth,
  type TestAuth,
  type TestAuthOptions,
} from './test-auth.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
