import { AuthClientError, createClient, webStorage } from 'portcullis/client'
import { type ReactNode, useActionState, useEffect, useState, useSyncExternalStore } from 'react'

// One login for this tab, which a reload keeps. With `memoryStorage()` a reload is a log-out, and a script
// that gets into the page has less to take: docs/client.md weighs them.
const client = createClient({ url: '/', storage: webStorage(sessionStorage) })

export function App(): ReactNode {
  const isLoggedIn = useSyncExternalStore(client.subscribe, client.isLoggedIn)
  const [notice, setNotice] = useState('')
  useEffect(
    () =>
      client.subscribe((event) => {
        const ended = event.type === 'logout' && event.reason === 'ended'
        setNotice(ended ? 'Your session has ended.' : '')
      }),
    [],
  )
  return isLoggedIn ? <WhoAmI /> : <LoginForm notice={notice} />
}

function LoginForm({ notice }: { readonly notice: string }): ReactNode {
  const [{ username, problem }, logIn, isPending] = useActionState(
    async (_before: object, form: FormData) => {
      const username = String(form.get('username'))
      try {
        await client.login(username, String(form.get('password')))
        return { username, problem: '' }
      } catch (error) {
        return { username, problem: describe(error) }
      }
    },
    { username: '', problem: '' },
  )
  return (
    <form action={logIn}>
      <h1>Log in</h1>
      <label>
        Username <input name="username" defaultValue={username} autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit" disabled={isPending}>
        Log in
      </button>
      <p role="alert">{problem || notice}</p>
    </form>
  )
}

interface User {
  readonly username: string
  readonly role: string
}

function WhoAmI(): ReactNode {
  const [user, setUser] = useState<User>()
  const [total, setTotal] = useState<number>()
  const [problem, setProblem] = useState('')
  const fail = (error: unknown): void => setProblem(describe(error))

  useEffect(() => {
    get<User>('/me').then(setUser, (error) => setProblem(describe(error)))
  }, [])

  return (
    <>
      <h1>{user ? `${user.username} (${user.role})` : '…'}</h1>
      <button
        type="button"
        onClick={() =>
          get<{ total: number }>('/admin/stats').then((counts) => setTotal(counts.total), fail)
        }
      >
        Count users
      </button>
      <button type="button" onClick={() => client.logout().catch(fail)}>
        Log out
      </button>
      {total !== undefined && <p>There are {total} users.</p>}
      <p role="alert">{problem}</p>
    </>
  )
}

async function get<T>(path: string): Promise<T> {
  const answer = await client.fetch(path)
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.detail)
  return body
}

function describe(error: unknown): string {
  if (error instanceof AuthClientError && error.code === 'throttled') {
    return `Too many failed attempts. Wait for ${error.retryAfter ?? 'a few'} seconds.`
  }
  return error instanceof Error ? error.message : String(error)
}
