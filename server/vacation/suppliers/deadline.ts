import type { Clock } from 'layover/protocol'

/** Why a call to the outside was given up. */
export class DeadlinePassed extends Error {
  readonly code = 'TIMEOUT'

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`)
    this.name = 'DeadlinePassed'
  }
}

/**
 * Runs one call to the outside under a time limit and the caller's signal. Rejects at that moment, with
 * `DeadlinePassed` or the signal's reason, even if `run` does not heed the signal it is given.
 */
export async function withDeadline<Answer>(
  limits: { clock: Clock; timeoutMs: number; signal?: AbortSignal | undefined },
  run: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const { clock, timeoutMs, signal } = limits
  signal?.throwIfAborted()
  const controller = new AbortController()
  const stop = (): void => controller.abort(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  const withdraw = clock.after(timeoutMs, () => controller.abort(new DeadlinePassed(timeoutMs)))
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  try {
    return await Promise.race([run(controller.signal), aborted])
  } finally {
    withdraw()
    signal?.removeEventListener('abort', stop)
  }
}
