/** What is added to Swagger UI. */
export interface SwaggerUiTheme {
  /** Runs before Swagger UI does. */
  readonly script: string
  /** Made when it is asked for. */
  readonly styleSheet: () => string
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' },
}

/** The page, whose files are below a path. */
export function swaggerUiPage(title: string, files: string): string {
  const text = title.replace(/[&<>"]/g, (character) => escapes[character] ?? '')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text}</title>
<link rel="stylesheet" href="${files}/swagger-ui.css">
<link rel="stylesheet" href="${files}/index.css">
<link rel="stylesheet" href="${files}/theme/portcullis.css">
<link rel="icon" type="image/png" href="${files}/favicon-32x32.png" sizes="32x32">
<link rel="icon" type="image/png" href="${files}/favicon-16x16.png" sizes="16x16">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${files}/swagger-ui-bundle.js"></script>
<script src="${files}/theme/portcullis.js"></script>
<script src="${files}/swagger-initializer.js"></script>
</body>
</html>
`
}

/** The script that starts Swagger UI with the document beside the page. */
export const swaggerInitializer = `window.onload = () => {
  const page = location.href.split(/[?#]/, 1)[0].replace(/\\/?$/, '/')
  const resolveUrl = (path) => new URL(path, page).href
  const ui = SwaggerUIBundle({
    dom_id: '#swagger-ui',
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    validatorUrl: null,
    // The other layout has a bar to load documents from elsewhere, and styles against the policy.
    layout: 'BaseLayout',
    persistAuthorization: false,
    displayRequestDuration: true,
    url: resolveUrl('./json'),
    oauth2RedirectUrl: resolveUrl('./static/oauth2-redirect.html'),
  })
  // RFC 9700 §2.1.1.
  ui.initOAuth({ usePkceWithAuthorizationCodeGrant: true })
}
`
