import type { Outbox } from 'layover/client'
import { systemClock } from 'layover/protocol'

/** Hands the whole outbox to the person as a file. */
export async function exportOutbox(outbox: Pick<Outbox, 'export'>): Promise<void> {
  const day = new Date(systemClock.now()).toISOString().slice(0, 10)
  const url = URL.createObjectURL(new Blob([await outbox.export()], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `layover-outbox-${day}.json`
  link.click()
  URL.revokeObjectURL(url)
}
