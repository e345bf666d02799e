/** Colours, shapes and the defaults that keep every screen readable: contrast of text, names of close buttons, no styles that the page's policy would block. */
import {
  type CSSVariablesResolver,
  colorsTuple,
  createTheme,
  DEFAULT_THEME,
  defaultVariantColorsResolver,
  mergeMantineTheme,
  type VariantColorsResolver,
} from '@mantine/core'

/** Coloured text on a tint has too little contrast: the colour is in the tint, the icon and the word. */
const variantColorResolver: VariantColorsResolver = input => {
  const colors = defaultVariantColorsResolver(input)
  return input.variant === 'light' ? { ...colors, color: 'var(--mantine-color-text)' } : colors
}

const CLOSE = { 'aria-label': 'Close' }
/** The lock would write a style element; `page.css` does it instead. */
const OVERLAY = { lockScroll: false, closeButtonProps: CLOSE, transitionProps: { duration: 120 } }

export const theme = mergeMantineTheme(
  DEFAULT_THEME,
  createTheme({
    primaryColor: 'lagoon',
    primaryShade: { light: 8, dark: 8 },
    autoContrast: true,
    respectReducedMotion: true,
    defaultRadius: 'md',
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    headings: { fontWeight: '650' },
    colors: {
      lagoon: colorsTuple([
        '#e6f7f7',
        '#d3ebeb',
        '#a8d6d7',
        '#79c1c2',
        '#53afb1',
        '#3ba4a6',
        '#2a9da0',
        '#17898c',
        '#0b6b70',
        '#00595d',
      ]),
    },
    variantColorResolver,
    // Plain objects: the components themselves are fetched where they are used.
    components: {
      Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
      Badge: { defaultProps: { variant: 'light', tt: 'none', fw: 600, flex: 'none' } },
      Button: { defaultProps: { variant: 'default' } },
      Card: { defaultProps: { withBorder: true, padding: 'md' } },
      Drawer: { defaultProps: OVERLAY },
      Modal: { defaultProps: OVERLAY },
      NavLink: { defaultProps: { variant: 'light' } },
      Popover: { defaultProps: { shadow: 'md' } },
    },
  }),
)

/** Beyond Mantine's own: placeholders, dimmed text and what is wrong with a field, in colours that can be read. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-placeholder': '#5c636a',
    '--mantine-color-dimmed': '#545b62',
    '--mantine-color-error': '#c92a2a',
  },
  dark: {
    '--mantine-color-placeholder': '#a8adb3',
    '--mantine-color-dimmed': '#b3b8be',
    '--mantine-color-error': '#ff8787',
  },
})
