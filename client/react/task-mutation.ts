import type { OperationVariables, TypedDocumentNode } from '@apollo/client'
import { useMutation } from '@apollo/client/react'
import { useCallback, useRef, useState } from 'react'
import { useTask } from './hooks.ts'
import type { TaskState } from './outbox-store.ts'

/** Beside what `useMutation` gives: the task of the last call, undefined before it and for a mutation that is no task. */
export interface TaskOfMutation {
  readonly id: string | undefined
  readonly task: TaskState
}

/**
 * `useMutation` for a registered task. Its `data` may be what was foreseen, long before the gateway has spoken: `task` tells how
 * far it has come, live, and `id` names it. `reset` forgets both. The call gives the variables.
 */
export function useTaskMutation<TData, TVariables extends OperationVariables>(
  document: TypedDocumentNode<TData, TVariables>,
  options: Omit<useMutation.Options<NoInfer<TData>, NoInfer<TVariables>>, 'variables'> = {},
): [useMutation.MutationFunction<TData, TVariables>, useMutation.Result<TData> & TaskOfMutation] {
  // Its own type says the same, in a way that the compiler cannot compare while TVariables is open.
  const [mutate, result] = useMutation(document, options) as unknown as useMutation.ResultTuple<TData, TVariables>
  const [id, setId] = useState<string>()
  const calls = useRef(0)
  const { reset } = result
  const run: typeof mutate = useCallback(
    (...args) => {
      calls.current += 1
      const call = calls.current
      setId(undefined)
      const told = (answer: unknown): void => {
        if (call === calls.current) setId(taskIdOf(answer))
      }
      const answer = mutate(...args)
      // With errorPolicy 'none' a refusal is thrown, and names its task, too.
      answer.then(told, told)
      return answer
    },
    [mutate],
  )
  const resetAll = useCallback(() => {
    calls.current += 1
    setId(undefined)
    reset()
  }, [reset])
  return [run, { ...result, reset: resetAll, id, task: useTask(id) }]
}

interface Told {
  extensions?: { layover?: { id?: string } }
  error?: Told
}

/** With `onError` Apollo resolves with the error. */
function taskIdOf(answer: unknown): string | undefined {
  const { extensions, error } = (answer ?? {}) as Told
  return (extensions ?? error?.extensions)?.layover?.id
}
