import { z } from 'zod'
import { firstIssue, MAX_AMOUNT } from './contract.ts'
import type { HeldReservation, SandboxStore } from './sandbox-store.ts'
import type { SupplierKind } from './suppliers.ts'

export type Operation = 'offers' | 'reserve' | 'release' | 'find'

/** One call as the suppliers saw it. */
export interface SandboxCall {
  readonly supplier: SupplierKind
  readonly method: string
  /** Undefined where the offers were asked for. */
  readonly key?: string
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number
  /** The HTTP status of the answer; null if none was sent, or none yet. */
  readonly status: number | null
}

/**
 * `error-500`, `html-502`, `hang` (no answer at all) and `cut-before` (the connection breaks) leave the call undone;
 * `cut-after` does it and loses the answer; `slow` does it `ms` later, whether the caller still waits or not.
 */
export type FaultKind = 'error-500' | 'html-502' | 'hang' | 'cut-before' | 'cut-after' | 'slow'

export interface Fault {
  readonly supplier: SupplierKind | '*'
  readonly on: Operation
  readonly kind: FaultKind
  /** For how many calls, at least 1. Default: until `clearFaults`. */
  readonly times?: number
  /** Only calls whose key it matches. A string is the source of a regular expression. Default: all calls. */
  readonly key?: string | RegExp
  /** How long a `slow` call is held back, at least 0; required there and meaningless elsewhere. */
  readonly ms?: number
}

/** The strings of the sandbox. Every method throws `ControlInputInvalid` for input that it cannot use. */
export interface SandboxControl {
  /** Faults are tried in the order in which they were set; the first that matches a call is spent on it. */
  fault(fault: Fault): void
  /** Calls that hang already go on hanging. */
  clearFaults(): void
  /** Those that calls can still meet. */
  faults(): ArmedFault[]
  /** `stock` is what is left to be reserved, at least 0. */
  setStock(offerId: string, stock: number): void
  /** From now on the offer is refused; what is reserved stays. */
  discontinue(offerId: string, replacedBy?: string): void
  /** Minor units, at least 0. What is reserved keeps its price. */
  setPrice(offerId: string, amount: number): void
  /** What is held at this moment, in the order in which it was reserved. */
  reservations(): HeldReservation[]
  /** The latest 10,000 calls in the order in which they arrived, since this process started. */
  log(): SandboxCall[]
}

export class ControlInputInvalid extends Error {
  readonly code = 'INVALID_INPUT'
  /** The part of the input that cannot be used, e.g. `offerId`. */
  readonly field: string

  constructor(field: string, message: string) {
    super(`${field}: ${message}`)
    this.name = 'ControlInputInvalid'
    this.field = field
  }
}

const faultInput = z
  .strictObject({
    supplier: z.enum(['hotel', 'flight', 'car', '*']),
    on: z.enum(['offers', 'reserve', 'release', 'find']),
    kind: z.enum(['error-500', 'html-502', 'hang', 'cut-before', 'cut-after', 'slow']),
    times: z.int().min(1).optional(),
    key: z.union([z.instanceof(RegExp), z.string()]).optional(),
    ms: z.int().min(0).max(3_600_000).optional(),
  })
  .refine(({ kind, ms }) => (kind === 'slow') === (ms !== undefined), {
    path: ['ms'],
    message: 'belongs to slow, and to nothing else',
  })
const stockInput = z.strictObject({ offerId: z.string(), stock: z.int().min(0) })
const discontinueInput = z.strictObject({ offerId: z.string(), replacedBy: z.string().optional() })
const priceInput = z.strictObject({ offerId: z.string(), amount: z.int().min(0).max(MAX_AMOUNT) })

/** A fault as it stands: for every call, or for those whose key it matches. */
export type ArmedFault = Pick<Fault, 'supplier' | 'on' | 'kind'>

interface WaitingFault extends ArmedFault {
  readonly key: RegExp | undefined
  readonly ms: number
  left: number
}

export interface Faults {
  add(fault: unknown): void
  clear(): void
  list(): ArmedFault[]
  /** The fault that this call meets, spent by one; or undefined. */
  take(
    supplier: SupplierKind,
    operation: Operation,
    key: string | undefined,
  ): { kind: FaultKind; ms: number } | undefined
}

export function armedFaults(): Faults {
  let armed: WaitingFault[] = []
  return {
    add(input) {
      const { supplier, on, kind, times = Number.POSITIVE_INFINITY, key, ms = 0 } = checked(faultInput, input)
      armed.push({ supplier, on, kind, key: key === undefined ? undefined : expression(key), ms, left: times })
    },
    clear() {
      armed = []
    },
    list: () => armed.map(({ supplier, on, kind }) => ({ supplier, on, kind })),
    take(supplier, operation, key) {
      const met = armed.find(
        fault =>
          (fault.supplier === '*' || fault.supplier === supplier) &&
          fault.on === operation &&
          (fault.key === undefined || (key !== undefined && fault.key.test(key))),
      )
      if (!met) return undefined
      met.left -= 1
      if (met.left === 0) armed = armed.filter(fault => fault !== met)
      return { kind: met.kind, ms: met.ms }
    },
  }
}

/** The same strings for the process that holds the sandbox and, as JSON under `/control`, for others. */
export interface ControlRoom {
  readonly control: SandboxControl
  /** By name: take what was posted, or throw `ControlInputInvalid`. */
  readonly actions: ReadonlyMap<string, (input: unknown) => void>
  /** By name: what a GET answers. */
  readonly views: ReadonlyMap<string, () => unknown>
}

export function sandboxControl(store: SandboxStore, faults: Faults, log: () => SandboxCall[]): ControlRoom {
  const setStock = (input: unknown): void => {
    const { offerId, stock } = checked(stockInput, input)
    if (!store.setStock(offerId, stock)) throw new ControlInputInvalid('offerId', 'there is no such offer')
  }
  const discontinue = (input: unknown): void => {
    const { offerId, replacedBy } = checked(discontinueInput, input)
    if (replacedBy !== undefined && !store.hasOffer(replacedBy)) {
      throw new ControlInputInvalid('replacedBy', 'there is no such offer')
    }
    if (!store.discontinue(offerId, replacedBy ?? null))
      throw new ControlInputInvalid('offerId', 'there is no such offer')
  }
  const setPrice = (input: unknown): void => {
    const { offerId, amount } = checked(priceInput, input)
    if (!store.setPrice(offerId, amount)) throw new ControlInputInvalid('offerId', 'there is no such offer')
  }
  const control: SandboxControl = {
    fault: fault => faults.add(fault),
    clearFaults: () => faults.clear(),
    faults: () => faults.list(),
    setStock: (offerId, stock) => setStock({ offerId, stock }),
    discontinue: (offerId, replacedBy) => discontinue({ offerId, ...(replacedBy === undefined ? {} : { replacedBy }) }),
    setPrice: (offerId, amount) => setPrice({ offerId, amount }),
    reservations: () => store.reservations(),
    log,
  }
  const actions = new Map<string, (input: unknown) => void>([
    ['fault', input => faults.add(input)],
    ['clear', () => faults.clear()],
    ['stock', setStock],
    ['discontinue', discontinue],
    ['price', setPrice],
  ])
  const views = new Map<string, () => unknown>([
    ['faults', () => ({ faults: control.faults() })],
    ['reservations', () => ({ reservations: control.reservations() })],
    ['log', () => ({ log: control.log() })],
  ])
  return { control, actions, views }
}

function checked<Shape extends z.ZodType>(shape: Shape, input: unknown): z.output<Shape> {
  const parsed = shape.safeParse(input)
  if (parsed.success) return parsed.data
  const { field, message } = firstIssue(parsed.error)
  throw new ControlInputInvalid(field, message)
}

function expression(key: string | RegExp): RegExp {
  try {
    // A sticky or global expression remembers where it matched last, and would skip every other call.
    return typeof key === 'string' ? new RegExp(key) : new RegExp(key.source, key.flags.replace(/[gy]/g, ''))
  } catch (cause) {
    const invalid = new ControlInputInvalid('key', 'is not the source of a regular expression')
    invalid.cause = cause
    throw invalid
  }
}
