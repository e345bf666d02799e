import type { StorageDriver } from 'layover/client'
import localforage from 'localforage'

/** An instance of its own, so that nothing else is in it. */
export const inLocalforage = (): StorageDriver => localforage.createInstance({ name: 'notes' })

/** The part of React Native's AsyncStorage that is needed. */
interface AsyncStorage {
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
  getAllKeys(): Promise<readonly string[]>
}

export const inAsyncStorage = (storage: AsyncStorage): StorageDriver => ({
  getItem: key => storage.getItem(key),
  setItem: (key, value) => storage.setItem(key, value),
  removeItem: key => storage.removeItem(key),
  keys: () => storage.getAllKeys(),
})
