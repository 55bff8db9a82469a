import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react'
import { Account } from './account.tsx'
import { client } from './client.ts'
import { LoginForm } from './login-form.tsx'

export function App(): ReactNode {
  const isLoggedIn = useSyncExternalStore(client.subscribe, client.isLoggedIn)
  const [notice, setNotice] = useState('')

  useEffect(
    () =>
      client.subscribe((event) => {
        const ended = event.type === 'logout' && event.reason === 'ended'
        setNotice(ended ? 'Your session has ended. Log in again.' : '')
      }),
    [],
  )

  // The tokens of this page are gone in any case. Only the server may not know.
  const logOut = (): Promise<void> =>
    client.logout().catch(() => {
      setNotice('You are logged out here. The server did not answer, so it keeps the session.')
    })

  return isLoggedIn ? <Account logOut={logOut} /> : <LoginForm notice={notice} />
}
