/// <reference types="vite/client" />
import './page.css'
import { createRoot } from 'react-dom/client'
import { Start } from './start.tsx'

const container = document.getElementById('app')
if (!container) throw new Error('index.html has no element with the id "app"')
createRoot(container).render(<Start />)
