import { type ReactNode, type RefObject, useActionState, useEffect, useRef, useState } from 'react'
import { client, describe, isWrong, waitOf } from './client.ts'
import { Notice, Problem } from './message.tsx'
import { useCountdown } from './use-countdown.ts'

interface Attempt {
  readonly username: string
  readonly problem: string
  readonly isWrong: boolean
}

/** Asks for a password until it is right, and waits as long as the server asks for. */
export function LoginForm({ notice }: { readonly notice: string }): ReactNode {
  const [wait, setWait] = useCountdown()
  const password = useRef<HTMLInputElement>(null)
  const [attempt, logIn, isPending] = useActionState<Attempt, FormData>(
    async (_before, form) => {
      const username = String(form.get('username'))
      try {
        await client.login(username, String(form.get('password')))
        return { username, problem: '', isWrong: false }
      } catch (error) {
        setWait(waitOf(error))
        return { username, problem: describe(error), isWrong: isWrong(error) }
      }
    },
    { username: '', problem: '', isWrong: false },
  )
  useEffect(() => {
    if (attempt.problem) password.current?.focus()
  }, [attempt])

  return (
    <form action={logIn} aria-busy={isPending}>
      <h1>Log in</h1>
      <div className="field">
        <label htmlFor="username">Username</label>
        <input
          id="username"
          name="username"
          defaultValue={attempt.username}
          // Another user need not wait.
          onChange={() => setWait(0)}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      </div>
      <PasswordField input={password} isWrong={attempt.isWrong} />
      <div className="outcome">
        <Notice text={attempt.problem ? '' : notice} />
        <Problem id="problem" text={attempt.problem} />
      </div>
      <button type="submit" className="main" disabled={isPending || wait > 0}>
        {isPending ? 'Logging in…' : wait > 0 ? `Log in (wait ${wait} s)` : 'Log in'}
      </button>
    </form>
  )
}

interface PasswordFieldProps {
  readonly input: RefObject<HTMLInputElement | null>
  readonly isWrong: boolean
}

function PasswordField({ input, isWrong }: PasswordFieldProps): ReactNode {
  const [isShown, setShown] = useState(false)
  return (
    <div className="field">
      <label htmlFor="password">Password</label>
      <div className="with-button">
        <input
          id="password"
          name="password"
          ref={input}
          type={isShown ? 'text' : 'password'}
          autoComplete="current-password"
          aria-describedby="problem"
          aria-invalid={isWrong}
          required
        />
        <button
          type="button"
          aria-label={isShown ? 'Hide password' : 'Show password'}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? 'Hide' : 'Show'}
        </button>
      </div>
    </div>
  )
}
