import { createContext, useContext } from 'react'
import type { NewVersion } from './new-version.ts'

const VersionContext = createContext<NewVersion | undefined>(undefined)
export const VersionProvider = VersionContext

/** The version of the page that runs, and whether there is a newer one. */
export function useVersion(): NewVersion {
  const version = useContext(VersionContext)
  if (!version) throw new Error('useVersion stands above VersionProvider')
  return version
}
