/// <reference types="vite/client" />
import '@mantine/core/styles.css'
import 'virtual:theme.css'
import './theme/page.css'
import { MantineProvider } from '@mantine/core'
import { createRoot } from 'react-dom/client'
import { loadAll } from './shell/load-all.ts'
import { NewVersion } from './shell/new-version.ts'
import { VersionProvider } from './shell/version-context.tsx'
import { Start } from './start.tsx'
import { theme } from './theme/theme.ts'
import { Toasts } from './ui/toast.ts'

const version = new NewVersion(import.meta.env.PROD, loadAll)
const container = document.getElementById('app')
if (!container) throw new Error('index.html has no element with the id "app"')
createRoot(container).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
    <Toasts />
    <VersionProvider value={version}>
      <Start />
    </VersionProvider>
  </MantineProvider>,
)
