/**
 * What a page does with the element `[data-passkey]`, whose attribute holds a `PasskeyData`. It runs behind the bundle of
 * `@simplewebauthn/browser`. Without scripts the element stays hidden, and the rest of the form works.
 */
export const passkeyScript = `
(() => {
const part = document.querySelector('[data-passkey]')
if (part === null) return
const { browserSupportsWebAuthn, browserSupportsWebAuthnAutofill, startAuthentication, startRegistration } =
  SimpleWebAuthnBrowser
const { kind, renew, says, ...given } = JSON.parse(part.dataset.passkey)
let { publicKey } = given
const button = part.querySelector('button')
const { form } = button
const field = (name) => form.elements.namedItem(name)
const say = (text) => {
  part.querySelector('[role=status]').textContent = text
}

// A challenge is good for 5 minutes, and a page may be open for longer.
const renewAfter = 4 * 60 * 1000
let askedAt = Date.now()
const isOld = () => Date.now() - askedAt >= renewAfter
async function renewChallenge() {
  if (renew === undefined || !isOld()) return
  const response = await fetch(renew, { method: 'POST' })
  if (!response.ok) return
  const { challenge_id, public_key } = await response.json()
  field('challenge_id').value = challenge_id
  publicKey = public_key
  askedAt = Date.now()
}

async function send(useBrowserAutofill) {
  // The server would refuse the passkey, and the device would keep it. The page comes with another challenge.
  if (kind === 'create' && isOld()) return location.replace(location.pathname + location.search)
  await renewChallenge().catch(() => {})
  const options = { optionsJSON: publicKey, useBrowserAutofill }
  const credential =
    kind === 'create' ? await startRegistration({ optionsJSON: publicKey }) : await startAuthentication(options)
  field('credential').value = JSON.stringify(credential)
  form.submit()
}

// Offered among the usernames that the browser fills in. The button ends it, and so does the next offer.
let next
async function offer() {
  clearTimeout(next)
  if (renew === undefined || !(await browserSupportsWebAuthnAutofill())) return
  next = setTimeout(offer, renewAfter)
  await send(true).catch(() => {})
}

button.addEventListener('click', async () => {
  say('')
  try {
    await send(false)
  } catch ({ name }) {
    if (name === 'AbortError') return
    say(name === 'InvalidStateError' ? says.known : says.failed)
    offer()
  }
})
// Enter in a form that has no other button.
form.addEventListener('submit', (event) => {
  if (form.querySelector('button:not([type=button])') !== null) return
  event.preventDefault()
  button.click()
})
// The way back to this page must not send what was sent.
addEventListener('pageshow', () => {
  field('credential').value = ''
})

const domain = publicKey.rpId ?? publicKey.rp.id
const isElsewhere = location.hostname !== domain && !location.hostname.endsWith('.' + domain)
if (isElsewhere) say(says.elsewhere)
for (const each of part.children) each.hidden = isElsewhere && each.role !== 'status'
part.hidden = !isElsewhere && !browserSupportsWebAuthn()
if (!isElsewhere && !part.hidden) offer()
})()
`
