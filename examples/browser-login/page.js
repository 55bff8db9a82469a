// A single page of another origin, with oidc-client-ts: code and PKCE, no secret.

const { issuer } = document.currentScript.dataset
const here = `${location.origin}/`
const manager = new oidc.UserManager({
  authority: issuer,
  client_id: 'page',
  redirect_uri: here,
  post_logout_redirect_uri: here,
  scope: 'openid profile',
  loadUserInfo: true,
})

const show = (text) => {
  document.querySelector('output').textContent = text
}
const on = (id, act) => {
  document.getElementById(id).onclick = () => act().catch((error) => show(error.message))
}

on('login', () => manager.signinRedirect())
on('logout', () => manager.signoutRedirect())
on('refresh', async () => {
  await manager.signinSilent()
  show('New tokens are here')
})
on('call', async () => {
  const user = await manager.getUser()
  const authorization = `Bearer ${user?.access_token ?? ''}`
  const answer = await fetch(`${issuer}/hello`, { headers: { authorization } })
  show(`${answer.status} ${await answer.text()}`)
})

async function start() {
  if (new URLSearchParams(location.search).has('state')) {
    const url = location.href
    // The code and the state stay neither in the history nor in a bookmark.
    history.replaceState(null, '', here)
    if (url.includes('code=')) await manager.signinCallback(url)
    else await manager.signoutCallback(url)
  }
  const user = await manager.getUser()
  if (user) document.querySelector('h1').textContent = `Hello, ${user.profile.preferred_username}`
}
start().catch((error) => show(error.message))
