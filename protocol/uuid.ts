/**
 * UUIDv7 (RFC 9562, section 5.7): milliseconds, a counter that keeps those of one millisecond in order (section 6.2, method 1),
 * and 62 bits of chance. Written out here because the usual package is three per cent of what the client may cost a page.
 */
export function uuidSource(now: () => number, fill: (bytes: Uint8Array<ArrayBuffer>) => unknown): () => string {
  let lastMs = 0
  let counter = 0
  return () => {
    const bytes = new Uint8Array(10)
    fill(bytes)
    const ms = now()
    if (ms > lastMs) {
      lastMs = ms
      // Its first bit is left for counting on.
      counter = ((bytes[8]! & 0x07) << 8) | bytes[9]!
    } else {
      counter += 1
      if (counter > 0xfff) {
        lastMs += 1
        counter = 0
      }
    }
    bytes[0] = (bytes[0]! & 0x3f) | 0x80
    const chance = Array.from(bytes.subarray(0, 8), byte => byte.toString(16).padStart(2, '0')).join('')
    const time = lastMs.toString(16).padStart(12, '0')
    const count = counter.toString(16).padStart(3, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${chance.slice(0, 4)}-${chance.slice(4)}`
  }
}
