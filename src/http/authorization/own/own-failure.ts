import { ThrottledError, type UserError } from '../../../core/errors.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import { answerError } from '../../error-answers.ts'
import { type AnswerExtras, type FormFailure, laterFailure } from '../flow-answers.ts'

/** What a form says that was refused by core: the status, and every reason in the language of the page. */
export function failureOf(error: UserError | ThrottledError): FormFailure & AnswerExtras {
  if (error instanceof ThrottledError) {
    const { extras, ...failure } = laterFailure(error)
    return { ...failure, ...extras }
  }
  return {
    status: answerError(error)?.status ?? 422,
    problem: ({ problems }: LoginTexts) =>
      error.problems.map((each) => problems.reason(each)).join(' '),
  }
}
