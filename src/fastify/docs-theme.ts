/**
 * What Swagger UI's page lacks: the width of a phone, and the dark colours of its own style sheet where the
 * system is dark.
 */
const script = `
const viewport = document.createElement('meta')
viewport.name = 'viewport'
viewport.content = 'width=device-width, initial-scale=1'
document.head.append(viewport)

const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
follow()
dark.addEventListener('change', follow)
`

/** Long paths and tables stay inside of a narrow screen. */
const style = `
html { overflow-wrap: anywhere; }
html.dark-mode body { background: none; }
.swagger-ui .wrapper { box-sizing: border-box; padding: 0 12px; }
.swagger-ui table.parameters, .swagger-ui .responses-table { table-layout: fixed; }
`

/** The fields of the login that only a registered client fills in. */
const withoutClientFields = `
.swagger-ui .auth-container div:has(> label[for=password_type]),
.swagger-ui .auth-container div:has(> label[for=client_id_password]),
.swagger-ui .auth-container div:has(> label[for=client_secret_password]) { display: none; }
`

/**
 * The theme of Swagger UI, with the client's fields in its login or without them: asked when the style sheet
 * is sent.
 */
export function docsTheme(title: string, hasClientFields: () => boolean): object {
  const sheet = {
    filename: 'portcullis.css',
    get content() {
      return style + (hasClientFields() ? '' : withoutClientFields)
    },
  }
  return { title, js: [{ filename: 'portcullis.js', content: script }], css: [sheet] }
}
