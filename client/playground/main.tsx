import 'graphiql/style.css'
import './playground.css'
import { createRoot } from 'react-dom/client'
import { signIn } from './demo-users.ts'
import { Playground, StartFailed } from './playground.tsx'
import { provideWorkers } from './workers.ts'

provideWorkers()

const container = document.getElementById('playground')
if (!container) throw new Error('index.html has no element with the id "playground"')
const root = createRoot(container)

signIn().then(
  session => root.render(<Playground session={session} />),
  (reason: unknown) => root.render(<StartFailed reason={String(reason)} />),
)
