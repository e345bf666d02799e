/**
 * A task's workflows are numbered, since one that has ended is not run again: `tenant:north/ann/42`, then `…/42#1`. A walk's
 * token begins with the number of the workflow it runs in, so that the store tells where to look for the latest.
 */
import type { Handle } from './engine.ts'

const TOKEN = /^(\d+)\.[0-9a-f-]{36}$/
const NUMBER = /#(\d+)$/

export const chainOf = ({ partition, user, id }: Pick<Handle, 'partition' | 'user' | 'id'>): string =>
  [partition, user, id].map(encodeURIComponent).join('/')

export const workflowOf = (chain: string, number: number): string => (number === 0 ? chain : `${chain}#${number}`)

export const chainOfWorkflow = (workflow: string): string => workflow.replace(NUMBER, '')

export const tokenOf = (workflow: string, uuid: string): string => `${NUMBER.exec(workflow)?.[1] ?? 0}.${uuid}`

/** 0 for a walk of another engine, and for none. */
export const numberOfToken = (token: string | null): number => Number(TOKEN.exec(token ?? '')?.[1] ?? 0)
