/** Spans of tasks and steps. Door: `layover/server/opentelemetry`; needs the package @opentelemetry/api. */
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import type { TaskStatus } from '../../protocol/index.ts'
import type { Observer, StepOutcome } from './observer.ts'

/** Outcomes after which somebody may have to look. A refusal is an answer, not an error. */
const ERRORS: ReadonlySet<StepOutcome | TaskStatus> = new Set(['unknown', 'undo failed', 'PARKED'])

/**
 * A span per task and per call of a step, with `layover.task`, `layover.step`, `layover.reference` (the task's name towards
 * the outside) and `layover.outcome`, and never a value of an input. Spans go where the process's OpenTelemetry SDK sends
 * them; a step is a child of its task once the SDK has set a context manager, as @opentelemetry/sdk-node does.
 */
export function openTelemetry(options: { readonly tracerName?: string } = {}): Observer {
  const { tracerName = 'layover' } = options
  /** The span around us may be somebody else's, of an HTTP request for instance. */
  const ours = new WeakSet<Span>()
  const ended = (outcome: StepOutcome | TaskStatus): void => {
    const span = trace.getActiveSpan()
    if (span === undefined || !ours.has(span)) return
    span.setAttribute('layover.outcome', outcome)
    if (ERRORS.has(outcome)) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome })
  }
  return {
    stepEnded: ({ outcome }) => ended(outcome),
    taskSettled: ({ status }) => ended(status),
    // The tracer is asked for at every span, so that an SDK that is set up later is found.
    around: ({ name, attributes }, work) =>
      trace.getTracer(tracerName).startActiveSpan(name, { attributes }, span => {
        ours.add(span)
        return inside(span, work)
      }),
  }
}

async function inside<Value>(span: Span, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) })
    throw error
  } finally {
    span.end()
  }
}

/** Never the text, which may hold addresses or what a person typed. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
