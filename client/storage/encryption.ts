/** AES-GCM over everything that is stored of the outbox and the cache; loaded only where a key is given. */
import { type Cipher, inTheClear, SEALED, wrongKey } from './cipher.ts'

/** Bytes, as NIST SP 800-38D advises for GCM. */
const IV_LENGTH = 12
/** Characters that `String.fromCharCode` takes at once. */
const CHUNK = 8192

/**
 * @param key AES-GCM, for encrypting and decrypting; best non-extractable. Who loses it loses what the device keeps.
 * Throws WRONG_KEY for any other.
 */
export function encryption(key: CryptoKey): Cipher {
  if (key.algorithm?.name !== 'AES-GCM' || !key.usages.includes('encrypt') || !key.usages.includes('decrypt')) {
    throw wrongKey('`encryptionKey` must be an AES-GCM key for encrypting and decrypting.')
  }
  const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
  return {
    async seal(name, text) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH))
      const sealed = new Uint8Array(
        await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytesOf(name) }, key, bytesOf(text)),
      )
      const whole = new Uint8Array(IV_LENGTH + sealed.length)
      whole.set(iv)
      whole.set(sealed, IV_LENGTH)
      return SEALED + toBase64(whole)
    },
    async open(name, stored) {
      if (!stored.startsWith(SEALED)) return inTheClear.open(name, stored)
      try {
        const whole = fromBase64(stored.slice(SEALED.length))
        const opened = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: whole.subarray(0, IV_LENGTH), additionalData: bytesOf(name) },
          key,
          whole.subarray(IV_LENGTH),
        )
        return new TextDecoder().decode(opened)
      } catch (error) {
        throw wrongKey('`encryptionKey` is not the key with which this device stored its data.', error)
      }
    },
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK))
  }
  return btoa(binary)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}
