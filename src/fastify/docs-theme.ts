import type { SwaggerUiTheme } from './swagger-ui-page.ts'

/** The dark colours of Swagger UI's own style sheet where the system is dark. */
const script = `
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
follow()
dark.addEventListener('change', follow)
`

/**
 * The id of the client of these documents stands in the login by browser and nowhere else: `initOAuth` would
 * fill it into the login by password too, and into the logins of other issuers.
 */
const nameClient = (scheme: string, clientId: string): string => `
const { plugins } = SwaggerUIBundle
const clientOfLoginByBrowser = {
  wrapComponents: {
    oauth2: (Original, { React }) => (props) => {
      const { name, schema, authSelectors } = props
      if (name !== ${JSON.stringify(scheme)} || schema.get('flow') !== 'authorizationCode') {
        return React.createElement(Original, props)
      }
      const getConfigs = () => ({ ...authSelectors.getConfigs(), clientId: ${JSON.stringify(clientId)} })
      return React.createElement(Original, { ...props, authSelectors: { ...authSelectors, getConfigs } })
    },
  },
}
plugins.DownloadUrl = [plugins.DownloadUrl, clientOfLoginByBrowser]
`

/** Long paths and tables stay inside of a narrow screen, and a column is wide enough for what is in it. */
const layout = `
html { overflow-wrap: anywhere; }
html.dark-mode body { background: none; }
.swagger-ui .wrapper { box-sizing: border-box; padding: 0 12px; }
.swagger-ui table.parameters, .swagger-ui .responses-table { table-layout: fixed; }
.swagger-ui .response-col_status { width: 4.5em; overflow-wrap: normal; }
.swagger-ui .parameters-col_name { width: 14em; padding-right: 12px; }
.swagger-ui .response-col_description, .swagger-ui .parameters-col_description { width: auto; }
.swagger-ui .responses-table:not(:has(td.response-col_links > :not(i))) .response-col_links { display: none; }
.swagger-ui .tab, .swagger-ui table.headers { overflow-wrap: normal; }
.swagger-ui .headers-wrapper { overflow-x: auto; }
.swagger-ui table.headers td { padding-right: 8px; }
.swagger-ui .opblock .opblock-section-header { flex-wrap: wrap; gap: 8px; }
.swagger-ui .opblock .opblock-section-header h4 { flex: 1 0 auto; }
.swagger-ui .opblock .opblock-section-header > label, .swagger-ui .content-type { max-width: 100%; }
@media (max-width: 480px) {
  .swagger-ui table.parameters thead { display: none; }
  .swagger-ui table.parameters :is(tbody, tr, td) { display: block; width: auto; }
}
`

/** The colours of the server's own pages where Swagger UI's are too pale to read (WCAG 2.2, 1.4.3). */
const colours = `
:root { --accent: #3049c9; --on-accent: #ffffff; --danger: #b3261e; --success: #13693f; --muted: #565b6b; }
:root.dark-mode { --accent: #93a5ff; --on-accent: #11142b; --danger: #ff9087; --success: #66d697; --muted: #a9aebd; }
.swagger-ui .info a, .swagger-ui .info a .url, .swagger-ui .scopes h2 a { color: var(--accent); }
.swagger-ui .btn.authorize, .swagger-ui .btn.authorize svg { color: var(--success); border-color: var(--success); fill: var(--success); }
.swagger-ui .btn.execute { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
.swagger-ui .btn.cancel { color: var(--danger); border-color: var(--danger); }
.swagger-ui .parameter__name.required span, .swagger-ui .parameter__name.required::after,
.swagger-ui .opblock-section-request-body .required { color: var(--danger); }
.swagger-ui .json-schema-2020-12-expand-deep-button, .swagger-ui .parameter__in { color: var(--muted); }
html.dark-mode .swagger-ui table.headers td { color: inherit; }
.swagger-ui .info .title small, .swagger-ui .download-contents { background: #565b6b; }
.swagger-ui .info .title small.version-stamp { background: #13693f; }
.swagger-ui .opblock .opblock-summary-method { text-shadow: none; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1b63b0; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #13693f; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #8a5000; }
.swagger-ui .opblock.opblock-patch .opblock-summary-method { background: #0f6b63; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #b3261e; }
.swagger-ui :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`

/** The fields of the login that only a registered client fills in. */
const withoutClientFields = `
.swagger-ui .auth-container div:has(> label[for=password_type]),
.swagger-ui .auth-container div:has(> label[for=client_id_password]),
.swagger-ui .auth-container div:has(> label[for=client_secret_password]),
.swagger-ui .auth-container div:has(> label[for=client_id_authorizationCode]),
.swagger-ui .auth-container div:has(> label[for=client_secret_authorizationCode]) { display: none; }
`

/** What the theme of Swagger UI is made for. */
export interface DocsThemeOptions {
  /** Whether the login has the client's fields: asked when the style sheet is sent. */
  readonly hasClientFields: () => boolean
  /** The scheme with a login by browser, and the client of these documents; null without such a login. */
  readonly byBrowser: { readonly scheme: string; readonly clientId: string } | null
}

/** What is added to Swagger UI, with the client's fields in its login or without them. */
export function docsTheme({ hasClientFields, byBrowser }: DocsThemeOptions): SwaggerUiTheme {
  return {
    script: script + (byBrowser ? nameClient(byBrowser.scheme, byBrowser.clientId) : ''),
    styleSheet: () => layout + colours + (hasClientFields() ? '' : withoutClientFields),
  }
}
