import { type Html, html } from './html.ts'

/** What the buttons beside something say that is shown once. Each is left out if it has no text. */
export interface OnceShownWords {
  readonly copy: string
  /** On the button to copy, afterwards. */
  readonly copied: string
  readonly print?: string
  readonly download?: string
}

/**
 * Buttons that copy, print and download what stands in `data-secret`. Without scripts they stay hidden: the text can
 * be selected, and the browser prints.
 *
 * @param file What a download is called.
 */
export function onceShownButtons(
  { copy, copied, print, download }: OnceShownWords,
  file = '',
): Html {
  return html`<div class="actions" data-once hidden><button type="button" data-copies data-copied="${copied}">${copy}</button>${
    print === undefined ? '' : html`<button type="button" data-prints>${print}</button>`
  }${
    download === undefined
      ? ''
      : html`<button type="button" data-downloads="${file}">${download}</button>`
  }<span role="status"></span></div>
`
}

/** What those buttons do. The secret goes when the page is left: the way back shows it no more. */
export const onceShownScript = `
const secrets = [...document.querySelectorAll('[data-secret]')]
const text = secrets.map((each) => each.textContent + '\\n').join('')
const buttons = document.querySelector('[data-once]')
const on = (name, act) => buttons.querySelector('[data-' + name + ']')?.addEventListener('click', act)
buttons.hidden = false
on('copies', async ({ target }) => {
  await navigator.clipboard.writeText(text.trimEnd())
  buttons.querySelector('[role=status]').textContent = target.dataset.copied
})
on('prints', () => print())
on('downloads', ({ target }) => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download = target.dataset.downloads
  link.click()
  URL.revokeObjectURL(link.href)
})
addEventListener('pagehide', () => secrets.forEach((each) => each.remove()))
`
