/** What stands between records and the device: nothing, or encryption. */
import { LayoverError } from '../layover-error.ts'

export interface Cipher {
  /** The key of the record is bound to its text, so that records cannot be exchanged. */
  seal(key: string, text: string): Promise<string>
  /** What was stored in the clear comes back as it is. Rejects with WRONG_KEY. */
  open(key: string, stored: string): Promise<string>
}

/** First character of a sealed text; JSON never begins with it. */
export const SEALED = '~'

export const inTheClear: Cipher = {
  seal: async (_key, text) => text,
  async open(_key, stored) {
    if (stored.startsWith(SEALED)) throw wrongKey('What this device keeps is encrypted: pass `encryptionKey`.')
    return stored
  },
}

export const wrongKey = (rule: string, cause?: unknown): LayoverError =>
  new LayoverError('WRONG_KEY', `${rule} Nothing was changed.`, cause)
