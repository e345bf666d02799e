/** What is said in passing. Its code is fetched when there is first something to say. */
import { createElement, type ReactNode, Suspense, useSyncExternalStore } from 'react'
import { onDemand } from '../shell/on-demand.ts'

const load = () => import('./toaster.tsx')
const Toaster = onDemand(async () => (await load()).Toaster)

const listeners = new Set<() => void>()
let isWanted = false

async function toaster(): Promise<Awaited<ReturnType<typeof load>>> {
  isWanted = true
  for (const listener of listeners) listener()
  return load()
}

/** Says that something is saved on this device, and offers for eight seconds to take it back. */
export function toastUndo(message: string, undo: () => Promise<unknown>): void {
  void toaster().then(({ showUndo }) => showUndo(message, undo))
}

/** Says something in passing, e.g. how far a change has come. */
export function toastSaid(message: string): void {
  void toaster().then(({ showSaid }) => showSaid(message))
}

/** Says why something did not work; stays until it is closed. */
export function toastProblem(reason: unknown): void {
  void toaster().then(({ showProblem }) => showProblem(reason))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Stands once on the page. */
export function Toasts(): ReactNode {
  const wanted = useSyncExternalStore(subscribe, () => isWanted)
  return wanted ? createElement(Suspense, { fallback: null }, createElement(Toaster)) : null
}
