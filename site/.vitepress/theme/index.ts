import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import { defineComponent, h } from 'vue'
import { logo } from '../../../src/pages/logo.ts'
import './face.css'
import './landing.css'
import './tables.css'

/** The logo of the server's own pages. */
const Logo = defineComponent(() => () => h('span', { class: 'gate', innerHTML: logo.markup }))

// biome-ignore lint/style/noDefaultExport: the generator asks for it.
export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'nav-bar-title-before': () => h(Logo) }),
  enhanceApp({ app }) {
    app.component('Logo', Logo)
  },
} satisfies Theme
