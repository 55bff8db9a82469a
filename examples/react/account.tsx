import { type ReactNode, useEffect, useTransition } from 'react'
import { Problem } from './message.tsx'
import { useAnswer } from './use-answer.ts'

interface User {
  readonly username: string
  readonly role: string
}

/** Who is logged in, a call that only administrators may make, and the log-out. */
export function Account({ logOut }: { readonly logOut: () => Promise<void> }): ReactNode {
  const [user, askUser] = useAnswer<User>('me')
  const [isLoggingOut, startLogOut] = useTransition()
  useEffect(askUser, [askUser])

  return (
    <section aria-busy={user.status === 'loading'}>
      <h1>{user.status === 'here' ? `Hello, ${user.value.username}` : 'Your account'}</h1>
      {user.status === 'loading' && <p className="hint">Loading…</p>}
      {user.status === 'here' && <p>Your role is {user.value.role}.</p>}
      {user.status === 'failed' && <Failure text={user.problem} tryAgain={askUser} />}
      <UserCount />
      <button type="button" disabled={isLoggingOut} onClick={() => startLogOut(logOut)}>
        {isLoggingOut ? 'Logging out…' : 'Log out'}
      </button>
    </section>
  )
}

function UserCount(): ReactNode {
  const [counts, count] = useAnswer<{ readonly total: number }>('admin/stats')
  const isLoading = counts.status === 'loading'
  return (
    <>
      <button type="button" className="main" disabled={isLoading} onClick={count}>
        {isLoading ? 'Counting…' : 'Count users'}
      </button>
      <div className="outcome">
        <p role="status">{counts.status === 'here' && `Number of users: ${counts.value.total}`}</p>
        <Problem text={counts.status === 'failed' ? counts.problem : ''} />
      </div>
    </>
  )
}

interface FailureProps {
  readonly text: string
  readonly tryAgain: () => void
}

function Failure({ text, tryAgain }: FailureProps): ReactNode {
  return (
    <>
      <Problem text={text} />
      <button type="button" onClick={tryAgain}>
        Try again
      </button>
    </>
  )
}
