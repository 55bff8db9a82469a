import type { DefaultTheme } from 'vitepress'

const page = (text: string, name: string) => ({ text, link: `/docs/${name}` })

/** Every page of `docs`, once: tutorial, how-to by job, reference, explanation. */
export const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Tutorial',
    items: [
      page('Getting started', 'getting-started'),
      page('1. A login', 'tutorial/1-login'),
      page('2. A guard', 'tutorial/2-guard'),
      page('3. Roles and permissions', 'tutorial/3-roles-and-permissions'),
      page('4. Refresh and log-out', 'tutorial/4-refresh-and-log-out'),
      page('5. Log in by browser', 'tutorial/5-log-in-by-browser'),
      { text: 'Examples', link: '/examples/README' },
    ],
  },
  {
    text: 'How to build',
    items: [
      page('Guard routes', 'guards'),
      page('Use Hono, Express, Nest, Next', 'frameworks'),
      page('Run in Bun, Deno, Workers', 'runtimes'),
      page('Give users fields of your own', 'own-fields'),
      page('Keep a profile beside the user', 'profiles'),
      page('Log in with the client', 'client'),
      page('Render pages on the server', 'server-rendered'),
      page('End and list sessions', 'sessions'),
      page('Let programs act for a user', 'api-keys'),
      page('Ask for a second factor', 'second-factors'),
      page('Log in with passkeys', 'passkeys'),
      page('Test an application', 'testing'),
    ],
  },
  {
    text: 'How to log in by browser',
    items: [
      page('Switch it on', 'browser-login'),
      page('A single-page application', 'login-single-page-app'),
      page('A server-rendered application', 'login-server-app'),
      page('A native application', 'login-native-app'),
      page('Swagger UI', 'login-swagger-ui'),
      page('Applications of others', 'third-party-clients'),
      page('Pages for accounts', 'account-pages'),
      page('A login page of your own', 'own-login-page'),
    ],
  },
  {
    text: 'How to manage accounts',
    items: [
      page('Let people register', 'registration'),
      page('Invite people', 'invitations'),
      page('Reset a forgotten password', 'password-reset'),
      page('Set addresses and names', 'email-addresses'),
      page('Send mail', 'mail'),
      page('Suspend and delete accounts', 'deleting-accounts'),
    ],
  },
  {
    text: 'How to connect',
    items: [
      page('Register OAuth clients', 'clients'),
      page('Call services in other languages', 'other-services'),
      page('Use Keycloak in development', 'keycloak-in-development'),
    ],
  },
  {
    text: 'How to move',
    items: [
      page('Come from FastAPI', 'coming-from-fastapi'),
      page('Import users', 'importing-users'),
      page('Use a database you already have', 'existing-database'),
      page('Write a store on your own tables', 'own-store'),
      page('Move to an identity provider', 'moving-to-an-identity-provider'),
    ],
  },
  {
    text: 'How to operate',
    items: [
      page('Deploy', 'deploying'),
      page('Use PostgreSQL', 'postgres'),
      page('Grow to many machines', 'scaling'),
      page('Rotate signing keys', 'keys'),
      page('Back up and restore', 'backup'),
      page('Upgrade', 'upgrading'),
      page('Watch metrics', 'metrics'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('The library', 'library-api'),
      page('Options', 'options'),
      page('Errors', 'errors'),
      page('The ready server', 'server'),
      page('HTTP routes', 'http-api'),
      page('Configuration', 'configuration'),
      page('Command line', 'command-line'),
      page('OpenID Connect', 'openid-connect'),
      page('Events', 'events'),
    ],
  },
  {
    text: 'Explanation',
    items: [
      { text: 'What it is, and is not', link: '/README' },
      page('How it works', 'how-it-works'),
      page('Why not …?', 'why-not'),
      { text: 'What is defended', link: '/SECURITY' },
      page('Security requirements', 'security-requirements'),
    ],
  },
  {
    text: 'Project',
    items: [
      { text: 'Architecture', link: '/ARCHITECTURE' },
      { text: 'Measured', link: '/bench/README' },
      { text: 'Contributing', link: '/CONTRIBUTING' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
  },
]
