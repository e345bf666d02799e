/** The theme's variables as a style sheet, made when the page is built: at run time Mantine would write a style element, which the page's policy blocks. */
import { convertCssVariables, deepMerge, defaultCssVariablesResolver } from '@mantine/core'
import type { Plugin } from 'vite'
import { cssVariables, theme } from './theme.ts'

const NAME = 'virtual:theme.css'

/** Makes `import 'virtual:theme.css'` work. */
export function themeCss(): Plugin {
  return {
    name: 'theme-css',
    resolveId: id => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined
      const variables = deepMerge(defaultCssVariablesResolver(theme), cssVariables(theme))
      return convertCssVariables({
        variables: variables.variables,
        light: { ...variables.light, '--mantine-color-scheme': 'light' },
        dark: { ...variables.dark, '--mantine-color-scheme': 'dark' },
      })
    },
  }
}
