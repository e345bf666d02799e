const request = <T>(asked: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })

async function keys<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open('notes-keys', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys')
  const database = await request(opening)
  try {
    return await request(run(database.transaction('keys', mode, { durability: 'strict' }).objectStore('keys')))
  } finally {
    database.close()
  }
}

/** The user's key on this device; made at the first call. No script can read its bytes, this one neither. */
export async function deviceKey(user: string): Promise<CryptoKey> {
  const kept = await keys<CryptoKey | undefined>('readonly', store => store.get(user))
  if (kept) return kept
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  // Another tab may have been quicker: its key is the one that counts.
  await keys('readwrite', store => store.add(key, user)).catch(() => undefined)
  return keys<CryptoKey>('readonly', store => store.get(user))
}

/** What was stored under it can't be read by anybody any more. */
export const forgetKey = (user: string): Promise<unknown> => keys('readwrite', store => store.delete(user))
